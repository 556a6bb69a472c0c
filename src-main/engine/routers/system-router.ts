import { procedureInputs } from '../../contract/index.ts'
import { procedure, router } from './trpc.ts'

export const systemRouter = router({
  status: procedure.query(({ ctx }) => ctx.services.system.status()),
  doctor: procedure.query(({ ctx }) => ctx.services.system.doctor()),
  calibrate: procedure
    .input(procedureInputs['system.calibrate'])
    .mutation(({ ctx, input }) => ctx.services.system.calibrate(input.networks)),
  renewToken: procedure.mutation(({ ctx }) => ctx.services.system.renewToken()),
})
