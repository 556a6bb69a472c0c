import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import {
  checkpointFile,
  listCheckpoints,
  pruneCheckpoints,
  readCheckpoint,
  writeAtomically,
  writeCheckpoint,
} from '../../../src-main/worker/checkpoint-files.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'checkpoints-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('checkpoint files', () => {
  it('lists complete pairs of a phase, newest first', async () => {
    for (const iteration of [5, 20, 100]) {
      await writeCheckpoint(checkpointFile(folder, 'teacher', iteration), bytes(1), bytes(2))
    }
    await writeCheckpoint(checkpointFile(folder, 'supernet', 7), bytes(1), bytes(2))
    expect(listCheckpoints(folder, 'teacher').map((c) => c.iteration)).toEqual([100, 20, 5])
    expect(listCheckpoints(folder, 'supernet').map((c) => c.iteration)).toEqual([7])
  })

  it('does not count a pair whose weights were never renamed into place', async () => {
    await writeCheckpoint(checkpointFile(folder, 'teacher', 5), bytes(1), bytes(2))
    // What a kill between the two files leaves behind.
    const torn = checkpointFile(folder, 'teacher', 6)
    writeFileSync(torn.optimizerFile, bytes(2))
    writeFileSync(`${torn.weightsFile}.tmp-1`, bytes(1))
    expect(listCheckpoints(folder, 'teacher').map((c) => c.iteration)).toEqual([5])
  })

  it('keeps the newest when pruning', async () => {
    for (const iteration of [1, 2, 3]) {
      await writeCheckpoint(checkpointFile(folder, 'supernet', iteration), bytes(iteration), bytes(0))
    }
    pruneCheckpoints(folder, 'supernet', 2)
    expect(listCheckpoints(folder, 'supernet').map((c) => c.iteration)).toEqual([3, 2])
    expect(readdirSync(join(folder, 'checkpoints'))).toHaveLength(6)
  })

  it('leaves the old file and no litter when a write fails', () => {
    const path = join(folder, 'file')
    writeAtomically(path, bytes(1, 2, 3))
    const missing = join(folder, 'no-such-folder', 'file')
    expect(() => {
      writeAtomically(missing, bytes(4))
    }).toThrow(EngineError)
    expect(readFileSync(path)).toEqual(Buffer.from([1, 2, 3]))
    expect(readdirSync(folder)).toEqual(['file'])
  })

  it('removes the optimizer file when the weights cannot be written', async () => {
    const file = checkpointFile(folder, 'teacher', 1)
    // A folder of that name in the way: the rename fails.
    mkdirSync(file.weightsFile, { recursive: true })
    await expect(writeCheckpoint(file, bytes(1), bytes(2))).rejects.toThrow(/Cannot write teacher-00000001/)
    expect(readdirSync(join(folder, 'checkpoints'))).toEqual(['teacher-00000001.safetensors'])
  })

  it('names the file that cannot be read', () => {
    expect(() => readCheckpoint(join(folder, 'teacher-00000001.safetensors'))).toThrow(
      /teacher-00000001\.safetensors/,
    )
  })
})
