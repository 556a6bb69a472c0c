import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckpointRow } from '../../contract/index.ts'

const WEIGHTS = /^(teacher|supernet)-(\d{8})\.safetensors$/

/** Rows for the pairs of files that lie in a run's folder, oldest first. What is in them is for the worker to judge. */
export function listCheckpointFiles(runFolder: string): CheckpointRow[] {
  const folder = join(runFolder, 'checkpoints')
  return listNames(folder)
    .flatMap((name): CheckpointRow[] => {
      const match = WEIGHTS.exec(name)
      const optimizer = lstatSync(join(folder, name.replace(/\.safetensors$/, '.optimizer.safetensors')), {
        throwIfNoEntry: false,
      })
      if (match === null || optimizer?.isFile() !== true) {
        return []
      }
      const weights = lstatSync(join(folder, name))
      return [
        {
          phase: match[1] === 'teacher' ? 'teacher' : 'supernet',
          iteration: Number(match[2]),
          bytes: weights.size + optimizer.size,
          createdAt: Math.round(weights.mtimeMs),
          file: join(folder, name),
          // The checksums beside the files still tell.
          ...{ weightsSha256: null, optimizerSha256: null },
        },
      ]
    })
    .toSorted((a, b) => a.createdAt - b.createdAt || a.iteration - b.iteration)
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // Nothing was trained yet.
    return []
  }
}
