import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { EngineError } from '../contract/index.ts'
import type { CheckpointProof } from '../contract/index.ts'
import type { ParameterSpec } from '../nas/network-plan.types.ts'
import { checkWeights } from '../supernet/supernet.ts'
import type { WeightMap } from '../supernet/weights.ts'
import { decodeOptimizer, decodeWeights } from '../training/checkpoint.ts'
import type { CheckpointFacts } from '../training/checkpoint.ts'
import type { ParameterState } from '../training/optimizer.ts'
import { readChecksums, sha256 } from './checkpoint-files.ts'
import type { CheckpointChecksums, CheckpointFile } from './checkpoint-files.ts'

/** The files are not what was written; an older checkpoint may still be. */
export class DamagedCheckpoint extends Error {
  override readonly name = 'DamagedCheckpoint'
}

export interface ProofOptions {
  /** What the ledger knows of the run's checkpoints; undefined where there is no ledger. */
  readonly known: readonly CheckpointProof[] | undefined
  /** Every tensor that must be there. */
  readonly specs: readonly ParameterSpec[]
}

/**
 * Reads the weights of a checkpoint and proves them: checksum, all tensors in their shapes, finite values, phase and iteration.
 *
 * @throws DamagedCheckpoint naming the file and what is wrong. EngineError STORAGE if it may not be read.
 */
export function readProvenWeights(file: CheckpointFile, { known, specs }: ProofOptions): WeightMap {
  const bytes = readWhole(file.weightsFile)
  checkSum(file.weightsFile, bytes, requireChecksums(file, known)?.weightsSha256)
  return prove(file.weightsFile, () => {
    const { weights, facts } = decodeWeights(bytes)
    checkFacts(file, facts)
    checkWeights(specs, weights)
    for (const [name, { values }] of weights) {
      checkFinite(name, values)
    }
    return weights
  })
}

/**
 * The optimizer's states beside them, proven alike. A tensor that never had a gradient has no state.
 *
 * @throws as {@link readProvenWeights}.
 */
export function readProvenStates(
  file: CheckpointFile,
  { known, specs }: ProofOptions,
): ReadonlyMap<string, ParameterState> {
  const bytes = readWhole(file.optimizerFile)
  checkSum(file.optimizerFile, bytes, requireChecksums(file, known)?.optimizerSha256)
  return prove(file.optimizerFile, () => {
    const { states, facts } = decodeOptimizer(bytes)
    checkFacts(file, facts)
    if (states.size === 0 && file.iteration > 0) {
      throw new RangeError(`it holds no state after ${file.iteration} updates`)
    }
    const names = new Set(specs.map(({ name }) => name))
    for (const [name, { slots, updates }] of states) {
      if (!names.has(name) || slots.length === 0 || !(updates > 0 && updates <= file.iteration)) {
        throw new RangeError(`its state of ${name} (${slots.length} parts, ${updates} updates) cannot be`)
      }
      slots.forEach((values) => checkFinite(name, values))
    }
    return states
  })
}

/**
 * The ledger's checksums rule; those beside the files serve where it has none. Null: written by a version that kept none.
 *
 * A checkpoint that neither names was being written when the process died.
 */
function requireChecksums(file: CheckpointFile, known: ProofOptions['known']): CheckpointChecksums | null {
  const row = known?.find(({ phase, iteration }) => phase === file.phase && iteration === file.iteration)
  if (row !== undefined && row.weightsSha256 !== null && row.optimizerSha256 !== null) {
    return { weightsSha256: row.weightsSha256, optimizerSha256: row.optimizerSha256 }
  }
  const beside = readChecksums(file)
  if (beside === null && (row === undefined || existsSync(file.checksumsFile))) {
    throw new DamagedCheckpoint(`${basename(file.checksumsFile)} is missing or names other files`)
  }
  return beside
}

function readWhole(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    // Gone, or on a bad part of the disk: an older one may be whole. No permission is another matter.
    if (code === 'ENOENT' || code === 'EIO' || code === 'EISDIR') {
      throw new DamagedCheckpoint(`${basename(path)} cannot be read (${code})`)
    }
    throw new EngineError('STORAGE', `Cannot read the checkpoint ${basename(path)}: ${message}`)
  }
}

function checkSum(path: string, bytes: Uint8Array, expected: string | undefined): void {
  if (expected !== undefined && sha256(bytes) !== expected) {
    throw new DamagedCheckpoint(
      `${basename(path)} (${bytes.length} bytes) has another SHA-256 than when it was written`,
    )
  }
}

function prove<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    throw new DamagedCheckpoint(
      `${basename(path)}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    )
  }
}

function checkFacts(file: CheckpointFile, { phase, iteration }: CheckpointFacts): void {
  if (phase !== file.phase || iteration !== file.iteration) {
    throw new RangeError(
      `it is of the ${phase} after ${iteration} iterations, its name says ${file.phase} ${file.iteration}`,
    )
  }
}

function checkFinite(name: string, values: Float32Array): void {
  if (!values.every(Number.isFinite)) {
    throw new RangeError(`${name} holds values that are not finite`)
  }
}
