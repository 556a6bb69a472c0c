import { procedure, router } from './trpc.ts'

export const presetsRouter = router({
  list: procedure.query(({ ctx }) => ctx.services.presets.list()),
})
