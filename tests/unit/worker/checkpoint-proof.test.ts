import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointProof } from '../../../src-main/contract/index.ts'
import type { ParameterSpec } from '../../../src-main/nas/network-plan.types.ts'
import type { HostTensor } from '../../../src-main/supernet/weights.ts'
import { encodeOptimizer, encodeWeights } from '../../../src-main/training/checkpoint.ts'
import {
  checkpointFile,
  listCheckpoints,
  readChecksums,
  setAsideCheckpoint,
  writeCheckpoint,
} from '../../../src-main/worker/checkpoint-files.ts'
import type { CheckpointChecksums, CheckpointFile } from '../../../src-main/worker/checkpoint-files.ts'
import {
  DamagedCheckpoint,
  readProvenStates,
  readProvenWeights,
} from '../../../src-main/worker/checkpoint-proof.ts'

const SPECS: readonly ParameterSpec[] = [
  { name: 'conv1.weight', shape: [2, 3], kind: 'conv-weight' },
  { name: 'bn1.bias', shape: [2], kind: 'norm-bias' },
]
const FACTS = { phase: 'supernet', iteration: 8, totalIterations: 16 } as const

const tensors = (fill = 1): Map<string, HostTensor> =>
  new Map(
    SPECS.map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1)
      return [name, { shape, values: new Float32Array(size).fill(fill) }]
    }),
  )
const states = new Map([['conv1.weight', { slots: [new Float32Array(6), new Float32Array(6)], updates: 8 }]])

let folder = ''
let file: CheckpointFile
let checksums: CheckpointChecksums
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'proof-'))
  file = checkpointFile(folder, 'supernet', 8)
  checksums = await write()
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Writes the checkpoint of iteration 8 with what a test needs in it. */
function write({
  weights = encodeWeights(tensors(), FACTS),
  optimizer = encodeOptimizer(states, FACTS),
} = {}): Promise<CheckpointChecksums> {
  return writeCheckpoint(file, weights, optimizer)
}

function read(known?: readonly CheckpointProof[]) {
  const options = { known, specs: SPECS }
  return { weights: readProvenWeights(file, options), states: readProvenStates(file, options) }
}

const row = (changes: Partial<CheckpointProof> = {}): CheckpointProof => ({
  ...{ phase: 'supernet', iteration: 8, ...checksums },
  ...changes,
})

/** Changes one bit of the data, which lie at the end. */
function flip(path: string): void {
  const bytes = readFileSync(path)
  const position = bytes.length - 5
  bytes[position] = (bytes[position] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

describe('the proof of a checkpoint', () => {
  it('gives what was written, by the ledger, by the checksums beside it, and by both', () => {
    expect(read().weights).toEqual(tensors())
    expect(read([row()]).states).toEqual(states)
    rmSync(file.checksumsFile)
    expect(read([row()]).weights.size).toBe(2)
  })

  it('writes checksums as sha256sum does', () => {
    expect(readFileSync(file.checksumsFile, 'utf8')).toBe(
      `${checksums.weightsSha256}  supernet-00000008.safetensors\n${checksums.optimizerSha256}  supernet-00000008.optimizer.safetensors\n`,
    )
    expect(readChecksums(file)).toEqual(checksums)
  })

  const damages: readonly (readonly [name: string, damage: () => void, message: RegExp])[] = [
    ['a bit of the weights flipped', () => flip(file.weightsFile), /00000008\.safetensors .*SHA-256/],
    ['a bit of the optimizer flipped', () => flip(file.optimizerFile), /optimizer\.safetensors .*SHA-256/],
    ['half the weights', () => truncateSync(file.weightsFile, 100), /\(100 bytes\) has another SHA-256/],
    ['no optimizer', () => rmSync(file.optimizerFile), /optimizer\.safetensors cannot be read \(ENOENT\)/],
    ['empty weights', () => truncateSync(file.weightsFile, 0), /\(0 bytes\)/],
    ['no checksums at all', () => rmSync(file.checksumsFile), /00000008\.sha256 is missing/],
    [
      'the files of another iteration',
      () => {
        const newer = checkpointFile(folder, 'supernet', 9)
        renameSync(file.weightsFile, newer.weightsFile)
        renameSync(file.optimizerFile, newer.optimizerFile)
        file = newer
      },
      /00000009\.sha256 is missing/,
    ],
  ]
  it.each(damages)('finds %s', (_name, damage, message) => {
    damage()
    expect(() => read()).toThrow(DamagedCheckpoint)
    expect(() => read()).toThrow(message)
  })

  const forgeries: readonly (readonly [string, () => Parameters<typeof write>[0], RegExp])[] = [
    [
      'a tensor is missing',
      () => ({ weights: encodeWeights(new Map([...tensors()].slice(1)), FACTS) }),
      /conv1\.weight is missing/,
    ],
    [
      'a value is not finite',
      () => ({ weights: encodeWeights(tensors(Number.NaN), FACTS) }),
      /conv1\.weight holds values that are not finite/,
    ],
    [
      'the optimizer holds no state',
      () => ({ optimizer: encodeOptimizer(new Map(), FACTS) }),
      /no state after 8 updates/,
    ],
    [
      'the optimizer is of another iteration',
      () => ({ optimizer: encodeOptimizer(states, { ...FACTS, iteration: 4 }) }),
      /after 4 iterations, its name says supernet 8/,
    ],
    [
      'the optimizer knows more updates than there were',
      () => ({
        optimizer: encodeOptimizer(
          new Map([['conv1.weight', { slots: [new Float32Array(6)], updates: 9 }]]),
          FACTS,
        ),
      }),
      /9 updates\) cannot be/,
    ],
    [
      'the weights are of the teacher',
      () => ({ weights: encodeWeights(tensors(), { ...FACTS, phase: 'teacher' }) }),
      /it is of the teacher/,
    ],
  ]
  it.each(forgeries)('refuses whole files in which %s', async (_name, parts, message) => {
    await write(parts())
    expect(() => read()).toThrow(message)
  })

  it('believes the ledger before the checksums beside the files', async () => {
    await write({ weights: encodeWeights(tensors(2), FACTS) })
    expect(read().weights).toEqual(tensors(2))
    expect(() => read([row()])).toThrow(/has another SHA-256/)
  })

  it('takes files of a version that kept no checksums, by their content', () => {
    rmSync(file.checksumsFile)
    const old = row({ weightsSha256: null, optimizerSha256: null })
    expect(read([old]).weights).toEqual(tensors())
    truncateSync(file.weightsFile, 400)
    expect(() => read([old])).toThrow(DamagedCheckpoint)
  })

  it('sets all files of a damaged one aside, out of the list', () => {
    setAsideCheckpoint(file)
    expect(listCheckpoints(folder, 'supernet')).toEqual([])
    expect(readFileSync(`${file.weightsFile}.damaged`).length).toBeGreaterThan(100)
  })
})
