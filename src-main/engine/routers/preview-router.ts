import { procedureInputs } from '../../contract/index.ts'
import { procedure, router } from './trpc.ts'

export const previewRouter = router({
  samples: procedure
    .input(procedureInputs['preview.samples'])
    .query(({ ctx, input }) => ctx.services.preview.samples(input.runId)),
})
