import { EngineError } from '../contract/index.ts'
import type { CheckpointProof } from '../contract/index.ts'
import { supernetParameters } from '../nas/network-plan.ts'
import { initialWeights } from '../supernet/initialise.ts'
import { Supernet } from '../supernet/supernet.ts'
import type { WeightMap } from '../supernet/weights.ts'
import type { ParameterState } from '../training/optimizer.ts'
import { listCheckpoints, setAsideCheckpoint } from './checkpoint-files.ts'
import type { CheckpointFile } from './checkpoint-files.ts'
import { DamagedCheckpoint, readProvenStates, readProvenWeights } from './checkpoint-proof.ts'
import type { RunContext } from './run-context.ts'
import { overlayStartWeights } from './start-weights.ts'
import type { JobContext } from './worker-services.ts'

type Phase = CheckpointFile['phase']
/** Is told of every checkpoint that was lost. */
export type LossListener = Pick<JobContext, 'emit'>

/** Where the checkpoints of a phase lie and what is known of them. */
export interface CheckpointPlace {
  readonly runFolder: string
  readonly phase: Phase
  readonly known: readonly CheckpointProof[] | undefined
}

/** A checkpoint that was proven to be the one that was written. */
export interface ProvenCheckpoint {
  readonly iteration: number
  readonly weights: WeightMap
  readonly states: ReadonlyMap<string, ParameterState>
}

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

export function toSupernet({ kernels, space, shape }: RunContext, weights: WeightMap): Supernet {
  return new Supernet(kernels, space, shape, weights)
}

/**
 * The newest whole checkpoint of a phase. Damaged ones are set aside (`.damaged`), named in the log and told to the engine.
 *
 * @returns null where none is left: the phase begins again.
 */
export function readNewestCheckpoint(
  place: CheckpointPlace,
  run: RunContext,
  listener: LossListener,
): ProvenCheckpoint | null {
  const proof = { known: place.known, specs: supernetParameters(run.space, run.shape) }
  for (const file of listCheckpoints(place.runFolder, place.phase)) {
    const found = unlessDamaged(file, listener, () => ({
      iteration: file.iteration,
      weights: readProvenWeights(file, proof),
      states: readProvenStates(file, proof),
    }))
    if (found !== null) {
      return found
    }
  }
  return null
}

/**
 * The weights that a phase ended with.
 *
 * @throws EngineError CHECKPOINT if they are damaged or gone; the engine then trains the phase to its end again.
 */
export function readFinishedWeights(
  place: CheckpointPlace,
  run: RunContext,
  listener: LossListener,
): WeightMap {
  const { runFolder, phase, known } = place
  const { total } = run.iterations(phase)
  const [newest] = listCheckpoints(runFolder, phase)
  if (newest === undefined || newest.iteration < total) {
    const found = newest === undefined ? 'none is there' : `the newest has ${newest.iteration}`
    const reason = `the ${phase} checkpoint after ${total} iterations is gone; ${found}`
    listener.emit({ kind: 'checkpoint-lost', phase, iteration: total, reason })
    throw new EngineError('CHECKPOINT', `This needs ${reason}. Resume the run: it trains on from there.`)
  }
  const specs = supernetParameters(run.space, run.shape)
  const weights = unlessDamaged(newest, listener, () => readProvenWeights(newest, { known, specs }))
  if (weights === null) {
    throw new EngineError(
      'CHECKPOINT',
      `The ${phase} checkpoint after ${total} iterations is damaged and was set aside. Resume the run: it trains on from the one before.`,
    )
  }
  return weights
}

function unlessDamaged<T>(file: CheckpointFile, listener: LossListener, read: () => T): T | null {
  try {
    return read()
  } catch (thrown) {
    if (!(thrown instanceof DamagedCheckpoint)) {
      throw thrown
    }
    setAsideCheckpoint(file)
    listener.emit({
      kind: 'checkpoint-lost',
      phase: file.phase,
      iteration: file.iteration,
      reason: `${thrown.message}; it was set aside as .damaged`,
    })
    return null
  }
}
