import { procedureInputs } from '../../contract/index.ts'
import { procedure, router } from './trpc.ts'

export const candidatesRouter = router({
  list: procedure
    .input(procedureInputs['candidates.list'])
    .query(({ ctx, input }) => ctx.services.candidates.list(input.runId)),
  get: procedure
    .input(procedureInputs['candidates.get'])
    .query(({ ctx, input }) => ctx.services.candidates.get(input.id)),
  predict: procedure
    .input(procedureInputs['candidates.predict'])
    .mutation(({ ctx, input }) => ctx.services.candidates.predict(input.id, input.sampleIds)),
  export: procedure
    .input(procedureInputs['candidates.export'])
    .mutation(({ ctx, input }) => ctx.services.candidates.export(input)),
})
