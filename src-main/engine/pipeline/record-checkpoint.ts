import { EngineError } from '../../contract/index.ts'
import type { JobEvent } from '../executors/executor.ts'
import type { RunContext } from './run-context.ts'

type Written = Extract<JobEvent, { readonly kind: 'checkpoint-written' }>
type Lost = Extract<JobEvent, { readonly kind: 'checkpoint-lost' }>
type Recorder = Pick<RunContext, 'store' | 'hub' | 'runId' | 'now'>

/** @throws EngineError CONFLICT if a super-network that candidates were scored with came out otherwise this time. */
export function recordCheckpoint(recorder: Recorder, event: Written): void {
  const { store, hub, runId, now } = recorder
  requireSameBits(recorder, event)
  const { phase, iteration, bytes, file, weightsSha256, optimizerSha256 } = event
  store.checkpoints.insert(runId, {
    ...{ phase, iteration, bytes, file, weightsSha256, optimizerSha256 },
    createdAt: now(),
  })
  hub.publish(runId, { kind: 'checkpoint-written', phase, iteration, bytes })
}

/** What a phase left is gone, so the phase is open again; the next attempt takes it up from the checkpoint before. */
export function recordLoss({ store, hub, runId, now }: Recorder, { phase, iteration, reason }: Lost): void {
  store.transaction(() => {
    store.checkpoints.markLost(runId, { phase, iteration }, now())
    store.phases.reopen(runId, phase)
  })
  hub.addLog(runId, 'warn', `The ${phase} checkpoint of iteration ${iteration} is lost: ${reason}.`)
}

/** Scores belong to the weights that they were measured with. */
function requireSameBits(
  { store, runId }: Recorder,
  { phase, iteration, weightsSha256 }: Pick<Written, 'phase' | 'iteration' | 'weightsSha256'>,
): void {
  const before = store.checkpoints
    .proofs(runId)
    .find((proof) => proof.phase === phase && proof.iteration === iteration)?.weightsSha256
  if (phase !== 'supernet' || before === undefined || before === null || before === weightsSha256) {
    return
  }
  const scored = store.candidates.countByState(runId).evaluated
  if (scored > 0) {
    throw new EngineError(
      'CONFLICT',
      `The super-network of iteration ${iteration} was trained again and has other weights than before (another machine, other threads or libraries). ` +
        `${scored} candidates were scored with the former ones. Their scores stay; clone the run to search with new weights.`,
    )
  }
}
