import { procedureInputs } from '../../contract/index.ts'
import { procedure, router } from './trpc.ts'

export const candidatesRouter = router({
  list: procedure
    .input(procedureInputs['candidates.list'])
    .query(({ ctx, input }) => ctx.services.candidates.list(input.runId)),
  get: procedure
    .input(procedureInputs['candidates.get'])
    .query(({ ctx, input }) => ctx.services.candidates.get(input.id)),
  intervals: procedure
    .input(procedureInputs['candidates.intervals'])
    .query(({ ctx, input }) => ctx.services.candidates.intervals(input.runId, input.split)),
  predict: procedure
    .input(procedureInputs['candidates.predict'])
    .mutation(({ ctx, input }) => ctx.services.candidates.predict(input.id, input.sampleIds)),
  export: procedure
    .input(procedureInputs['candidates.export'])
    .mutation(({ ctx, input }) => ctx.services.candidates.export(input)),
  fineTune: procedure
    .input(procedureInputs['candidates.fineTune'])
    .mutation(({ ctx, input }) => ctx.services.candidates.fineTune(input)),
  fineTuning: procedure
    .input(procedureInputs['candidates.fineTuning'])
    .query(({ ctx, input }) => ctx.services.candidates.fineTuning(input.id)),
  stopFineTuning: procedure
    .input(procedureInputs['candidates.stopFineTuning'])
    .mutation(({ ctx, input }) => ctx.services.candidates.stopFineTuning(input.id)),
})
