import { EngineError } from '../contract/index.ts'
import { supernetParameters } from '../nas/network-plan.ts'
import { initialWeights } from '../supernet/initialise.ts'
import { Supernet } from '../supernet/supernet.ts'
import type { WeightMap } from '../supernet/weights.ts'
import { decodeWeights } from '../training/checkpoint.ts'
import { listCheckpoints, readCheckpoint } from './checkpoint-files.ts'
import type { CheckpointFile } from './checkpoint-files.ts'
import type { RunContext } from './run-context.ts'
import { overlayStartWeights } from './start-weights.ts'

export function freshSupernet({ kernels, space, shape, config }: RunContext): Supernet {
  return new Supernet(
    kernels,
    space,
    shape,
    initialWeights(supernetParameters(space, shape), shape, config.seed),
  )
}

/**
 * What a teacher begins with: drawn from the seed, then the tensors of `teacher.startWeights` where the run names a file.
 *
 * @param log - Is told what came from the file.
 * @throws EngineError BAD_REQUEST if the file cannot be read or does not fit.
 */
export async function startingSupernet(run: RunContext, log: (line: string) => void): Promise<Supernet> {
  const file = run.config.teacher.startWeights
  if (file === undefined) {
    return freshSupernet(run)
  }
  const { kernels, space, shape, config } = run
  const specs = supernetParameters(space, shape)
  const drawn = initialWeights(specs, shape, config.seed)
  const { weights, taken, fresh } = await overlayStartWeights(file, specs, drawn)
  const examples = fresh.length === 0 ? '' : `, for example ${fresh.slice(0, 3).join(', ')}`
  log(`${taken} of ${specs.length} tensors start as in ${file}; ${fresh.length} are new${examples}`)
  return new Supernet(kernels, space, shape, weights)
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
