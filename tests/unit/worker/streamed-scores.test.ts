import { beforeAll, describe, expect, it } from 'vitest'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import { createWasmKernels } from '../../../src-main/compute/wasm/wasm-kernels.ts'
import { EngineError } from '../../../src-main/contract/index.ts'
import type { RunConfig } from '../../../src-main/contract/index.ts'
import { freezeConfig } from '../../../src-main/engine/configure/freeze-config.ts'
import { smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { forwardWithRunning } from '../../../src-main/training/score-subnet.ts'
import type { ScoreOptions } from '../../../src-main/tasks/task.ts'
import { openRunContext } from '../../../src-main/worker/run-context.ts'
import { freshSupernet } from '../../../src-main/worker/supernet-files.ts'
import { readPresets } from '../../support/engine-core.ts'
import { LOADER_THREAD } from '../../support/loader-thread.ts'

/** Pictures of each split: two chunks and a rest. */
const PICTURES = 7
const BATCH = 3
/** Room for two or three pictures of these presets, which are 0.1 to 0.3 MB each. */
const TINY_BYTES = 400_000

const cases: readonly { name: string; preset: string; overrides?: Readonly<Record<string, unknown>> }[] = [
  { name: 'pose', preset: 'micro-pose' },
  { name: 'segmentation', preset: 'micro-seg' },
  {
    ...{ name: 'segmentation at several scales', preset: 'micro-seg' },
    overrides: { 'segmentation.reportScales': [0.5, 1] },
  },
  { name: 'bottom-up pose', preset: 'micro-bottom-up' },
]

let kernels: Kernels
beforeAll(async () => {
  kernels = await createWasmKernels()
})

async function configOf({ preset, overrides }: (typeof cases)[number]): Promise<RunConfig> {
  return freezeConfig(await readPresets(), {
    preset,
    overrides: {
      ...{ 'dataset.drawn.train': 4, 'dataset.drawn.search': 4, 'dataset.drawn.report': PICTURES },
      ...overrides,
    },
  })
}

async function score(
  config: RunConfig,
  keptBytes: number | undefined,
  { threads = 0, ...options }: Partial<ScoreOptions> & { readonly threads?: number } = {},
) {
  const run = await openRunContext(config, kernels, {
    ...(keptBytes === undefined ? {} : { keptPictureBytes: keptBytes }),
    pictureThreads: threads === 0 ? null : { threadUrl: LOADER_THREAD, threads },
  })
  const supernet = freshSupernet(run)
  const session = supernet.openEvaluation()
  try {
    const images = run.scoring('report')
    const forward = forwardWithRunning(session, run.plan(smallestGenotype(run.space)))
    const all = { flipTest: true, batch: BATCH, ...options }
    // Twice: what stayed from the first pass is used in the second.
    return [await images.score(kernels, forward, all), await images.score(kernels, forward, all)]
  } finally {
    session.close()
    supernet.dispose()
    run.dispose()
  }
}

describe('scores of pictures that are decoded as they are needed', () => {
  for (const one of cases) {
    it(`are those of pictures kept in memory, to the last bit: ${one.name}`, async () => {
      const config = await configOf(one)
      const kept = await score(config, undefined)
      expect(Object.keys(kept[0]?.metrics ?? {}).length).toBeGreaterThan(2)
      expect(await score(config, TINY_BYTES)).toEqual(kept)
      expect(await score(config, 0)).toEqual(kept)
      expect(await score(config, TINY_BYTES, { threads: 2 })).toEqual(kept)
    }, 60_000)

    it(`end between two chunks: ${one.name}`, async () => {
      const before = kernels.liveTensors()
      const told: (readonly [number, number])[] = []
      const pause = (done: number, of: number): Promise<void> => {
        told.push([done, of])
        return done > 0 ? Promise.reject(new EngineError('STOPPED', 'enough')) : Promise.resolve()
      }
      await expect(score(await configOf(one), 0, { pause })).rejects.toMatchObject({ code: 'STOPPED' })
      expect(told).toHaveLength(2)
      expect(told[0]).toEqual([0, told[1]?.[1]])
      expect(told[1]?.[0]).toBeGreaterThan(0)
      expect(kernels.liveTensors()).toBe(before)
    }, 60_000)
  }
})
