import { procedureInputs } from '../../contract/index.ts'
import { procedure, router } from './trpc.ts'

export const picturesRouter = router({
  list: procedure
    .input(procedureInputs['pictures.list'])
    .query(({ ctx, input }) => ctx.services.pictures.list(input.runId)),
  predict: procedure
    .input(procedureInputs['pictures.predict'])
    .mutation(({ ctx, input }) => ctx.services.pictures.predict(input)),
  remove: procedure
    .input(procedureInputs['pictures.remove'])
    .mutation(({ ctx, input }) => ctx.services.pictures.remove(input.runId, input.pictureId)),
})
