import { procedureInputs } from '../../contract/index.ts'
import { procedure, router } from './trpc.ts'

export const datasetsRouter = router({
  list: procedure.query(({ ctx }) => ctx.services.datasets.list()),
  inspect: procedure
    .input(procedureInputs['datasets.inspect'])
    .mutation(({ ctx, input }) => ctx.services.datasets.inspect(input)),
  add: procedure
    .input(procedureInputs['datasets.add'])
    .mutation(({ ctx, input }) => ctx.services.datasets.add(input)),
  remove: procedure
    .input(procedureInputs['datasets.remove'])
    .mutation(({ ctx, input }) => ctx.services.datasets.remove(input.id)),
})
