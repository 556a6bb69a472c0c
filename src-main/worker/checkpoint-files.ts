import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { EngineError } from '../contract/index.ts'
import { writeWhole } from '../files/write-whole.ts'

type Phase = 'teacher' | 'supernet'

/** A checkpoint is two files and their checksums, written in the order optimizer, weights, checksums. */
export interface CheckpointFile {
  readonly phase: Phase
  readonly iteration: number
  readonly weightsFile: string
  readonly optimizerFile: string
  /** As `sha256sum` writes it, so that `sha256sum -c` checks the pair. */
  readonly checksumsFile: string
}

/** SHA-256 in hex. */
export interface CheckpointChecksums {
  readonly weightsSha256: string
  readonly optimizerSha256: string
}

const ITERATION_DIGITS = 8

export function checkpointFile(runFolder: string, phase: Phase, iteration: number): CheckpointFile {
  const base = join(runFolder, 'checkpoints', `${phase}-${String(iteration).padStart(ITERATION_DIGITS, '0')}`)
  return {
    phase,
    iteration,
    weightsFile: `${base}.safetensors`,
    optimizerFile: `${base}.optimizer.safetensors`,
    checksumsFile: `${base}.sha256`,
  }
}

/** Checkpoints of a phase that have weights, newest first. Whether they are whole is told by `checkpoint-proof`. */
export function listCheckpoints(runFolder: string, phase: Phase): readonly CheckpointFile[] {
  const folder = join(runFolder, 'checkpoints')
  if (!existsSync(folder)) {
    return []
  }
  const pattern = new RegExp(`^${phase}-(\\d{${ITERATION_DIGITS}})\\.safetensors$`)
  return readdirSync(folder)
    .flatMap((name) => {
      const match = pattern.exec(name)
      return match === null ? [] : [checkpointFile(runFolder, phase, Number(match[1]))]
    })
    .toSorted((a, b) => b.iteration - a.iteration)
}

export function readCheckpoint(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (thrown) {
    throw new EngineError('STORAGE', `Cannot read the checkpoint ${basename(file)}: ${reasonOf(thrown)}`)
  }
}

/**
 * Writes both files and their checksums, each to a temporary name, synced and renamed.
 * @throws EngineError STORAGE (disk full, not writable).
 */
export async function writeCheckpoint(
  file: CheckpointFile,
  weights: Uint8Array,
  optimizer: Uint8Array,
): Promise<CheckpointChecksums> {
  await mkdir(dirname(file.weightsFile), { recursive: true }).catch((thrown: unknown) => {
    throw new EngineError('STORAGE', `Cannot make the checkpoint folder: ${reasonOf(thrown)}`)
  })
  const checksums = { weightsSha256: sha256(weights), optimizerSha256: sha256(optimizer) }
  // Checksums of an earlier file of this name would call the new one damaged.
  rmSync(file.checksumsFile, { force: true })
  const parts = [
    [file.optimizerFile, optimizer],
    [file.weightsFile, weights],
    [file.checksumsFile, encodeChecksums(file, checksums)],
  ] as const
  const written: string[] = []
  try {
    for (const [path, bytes] of parts) {
      writeAtomically(path, bytes)
      written.push(path)
    }
  } catch (thrown) {
    // Half a checkpoint is of no use, and on a full disk its room is.
    for (const path of written) {
      rmSync(path, { force: true })
    }
    throw thrown
  }
  return checksums
}

/** Null where there is no such file, or it does not name both files. */
export function readChecksums({
  checksumsFile,
  weightsFile,
  optimizerFile,
}: CheckpointFile): CheckpointChecksums | null {
  if (!existsSync(checksumsFile)) {
    return null
  }
  const lines = readFileSync(checksumsFile, 'utf8').split('\n')
  const find = (file: string): string | undefined =>
    lines
      .map((line) => /^([0-9a-f]{64}) [ *](.+)$/.exec(line))
      .find((match) => match?.[2] === basename(file))?.[1]
  const weightsSha256 = find(weightsFile)
  const optimizerSha256 = find(optimizerFile)
  return weightsSha256 === undefined || optimizerSha256 === undefined
    ? null
    : { weightsSha256, optimizerSha256 }
}

/** Renames what is there of a checkpoint, so that nothing takes it for whole and a person can still look at it. */
export function setAsideCheckpoint({ weightsFile, optimizerFile, checksumsFile }: CheckpointFile): void {
  for (const file of [weightsFile, optimizerFile, checksumsFile]) {
    if (existsSync(file)) {
      renameSync(file, `${file}${DAMAGED_SUFFIX}`)
    }
  }
}
export const DAMAGED_SUFFIX = '.damaged'

/** Removes all but the newest `keep` checkpoints of a phase. */
export function pruneCheckpoints(runFolder: string, phase: Phase, keep: number): void {
  listCheckpoints(runFolder, phase).slice(keep).forEach(removeCheckpoint)
}

/** The weights go first, so that no pair looks complete meanwhile. */
function removeCheckpoint({ weightsFile, optimizerFile, checksumsFile }: CheckpointFile): void {
  for (const file of [weightsFile, optimizerFile, checksumsFile]) {
    rmSync(file, { force: true })
  }
}

function encodeChecksums(
  { weightsFile, optimizerFile }: CheckpointFile,
  { weightsSha256, optimizerSha256 }: CheckpointChecksums,
): Uint8Array {
  const lines = [
    `${weightsSha256}  ${basename(weightsFile)}\n`,
    `${optimizerSha256}  ${basename(optimizerFile)}\n`,
  ]
  return new TextEncoder().encode(lines.join(''))
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** @throws EngineError STORAGE; a half-written temporary file is removed, what was there before stays. */
export function writeAtomically(path: string, bytes: Uint8Array): void {
  try {
    writeWhole(path, bytes)
  } catch (thrown) {
    throw new EngineError(
      'STORAGE',
      `Cannot write ${basename(path)} (${bytes.length} bytes): ${reasonOf(thrown)}`,
    )
  }
}

function reasonOf(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException
  switch (code) {
    case 'ENOSPC':
      return 'the disk is full'
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'no permission to write there'
    default:
      return message
  }
}
