import { procedure, router } from './trpc.ts'

export const publishedRouter = router({
  list: procedure.query(({ ctx }) => ctx.services.published.list()),
})
