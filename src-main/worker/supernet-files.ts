import { EngineError } from '../contract/index.ts'
import { supernetParameters } from '../nas/network-plan.ts'
import { initialWeights } from '../supernet/initialise.ts'
import { Supernet } from '../supernet/supernet.ts'
import type { WeightMap } from '../supernet/weights.ts'
import { decodeWeights } from '../training/checkpoint.ts'
import { listCheckpoints, readCheckpoint } from './checkpoint-files.ts'
import type { CheckpointFile } from './checkpoint-files.ts'
import type { RunContext } from './run-context.ts'

export function freshSupernet({ kernels, space, shape, config }: RunContext): Supernet {
  return new Supernet(
    kernels,
    space,
    shape,
    initialWeights(supernetParameters(space, shape), shape, config.seed),
  )
}

export function loadSupernet({ kernels, space, shape }: RunContext, file: CheckpointFile): Supernet {
  return new Supernet(kernels, space, shape, readWeights(file))
}

export function readWeights(file: CheckpointFile): WeightMap {
  return decodeWeights(readCheckpoint(file.weightsFile)).weights
}

/**
 * The finished checkpoint of a phase.
 *
 * @throws EngineError CONFLICT if the phase has not been trained to its end.
 */
export function finishedCheckpoint(
  runFolder: string,
  phase: 'teacher' | 'supernet',
  total: number,
): CheckpointFile {
  const [newest] = listCheckpoints(runFolder, phase)
  if (newest === undefined || newest.iteration < total) {
    const found = newest === undefined ? 'none is there' : `the newest has ${newest.iteration}`
    throw new EngineError(
      'CONFLICT',
      `This needs the ${phase} checkpoint after ${total} iterations; ${found}.`,
    )
  }
  return newest
}
