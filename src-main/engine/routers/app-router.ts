import { candidatesRouter } from './candidates-router.ts'
import { datasetsRouter } from './datasets-router.ts'
import { picturesRouter } from './pictures-router.ts'
import { presetsRouter } from './presets-router.ts'
import { previewRouter } from './preview-router.ts'
import { publishedRouter } from './published-router.ts'
import { runsRouter } from './runs-router.ts'
import { systemRouter } from './system-router.ts'
import { router } from './trpc.ts'

/** Exactly the procedures of contract/procedures.ts; one file per noun. */
export const appRouter = router({
  system: systemRouter,
  presets: presetsRouter,
  published: publishedRouter,
  datasets: datasetsRouter,
  runs: runsRouter,
  candidates: candidatesRouter,
  preview: previewRouter,
  pictures: picturesRouter,
})

export type AppRouter = typeof appRouter
