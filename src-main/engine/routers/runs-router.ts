import { tracked } from '@trpc/server'
import { EngineError, procedureInputs } from '../../contract/index.ts'
import { procedure, router } from './trpc.ts'

export const runsRouter = router({
  list: procedure.query(({ ctx }) => ctx.services.runs.list()),
  get: procedure
    .input(procedureInputs['runs.get'])
    .query(({ ctx, input }) => ctx.services.runs.get(input.id)),
  preflight: procedure
    .input(procedureInputs['runs.preflight'])
    .mutation(({ ctx, input }) => ctx.services.runs.preflight(input)),
  estimate: procedure
    .input(procedureInputs['runs.estimate'])
    .query(({ ctx, input }) => ctx.services.runs.estimate(input)),
  start: procedure
    .input(procedureInputs['runs.start'])
    .mutation(({ ctx, input }) => ctx.services.runs.start(input)),
  import: procedure
    .input(procedureInputs['runs.import'])
    .mutation(({ ctx, input }) => ctx.services.runs.import(input)),
  stop: procedure
    .input(procedureInputs['runs.stop'])
    .mutation(({ ctx, input }) => ctx.services.runs.stop(input.id)),
  resume: procedure
    .input(procedureInputs['runs.resume'])
    .mutation(({ ctx, input }) => ctx.services.runs.resume(input.id)),
  rename: procedure
    .input(procedureInputs['runs.rename'])
    .mutation(({ ctx, input }) => ctx.services.runs.rename(input.id, input.name)),
  pin: procedure
    .input(procedureInputs['runs.pin'])
    .mutation(({ ctx, input }) => ctx.services.runs.pin(input.id, input.pinned)),
  delete: procedure
    .input(procedureInputs['runs.delete'])
    .mutation(({ ctx, input }) => ctx.services.runs.delete(input.id)),
  metrics: procedure
    .input(procedureInputs['runs.metrics'])
    .query(({ ctx, input }) => ctx.services.runs.metrics(input.id, input)),
  log: procedure
    .input(procedureInputs['runs.log'])
    .query(({ ctx, input }) => ctx.services.runs.log(input.id, input.limit)),
  events: procedure.input(procedureInputs['runs.events']).subscription(async function* ({
    ctx,
    input,
    signal,
  }) {
    const query = {
      runId: input.runId,
      afterSeq: toSeq(input.lastEventId),
      signal: signal ?? new AbortController().signal,
    }
    for await (const event of ctx.services.runs.events(query)) {
      yield tracked(String(event.seq), event)
    }
  }),
})

/** A tracked id is a sequence number; "0" asks for everything that is stored. */
function toSeq(lastEventId: string | null | undefined): number | null {
  if (lastEventId === null || lastEventId === undefined) {
    return null
  }
  const seq = Number(lastEventId)
  if (!Number.isSafeInteger(seq) || seq < 0) {
    throw new EngineError('BAD_REQUEST', `lastEventId must be a whole number from 0, got "${lastEventId}"`)
  }
  return seq
}
