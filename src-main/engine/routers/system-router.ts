import { procedure, router } from './trpc.ts'

export const systemRouter = router({
  status: procedure.query(({ ctx }) => ctx.services.system.status()),
  doctor: procedure.query(({ ctx }) => ctx.services.system.doctor()),
})
