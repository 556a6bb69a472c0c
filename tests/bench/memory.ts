// Memory over many training steps of changing sub-networks:
//   node --expose-gc tests/bench/memory.ts micro-pose tensorflow 2000
// Prints native handles and resident megabytes ten times, and the largest resident size.
import { readFileSync } from 'node:fs'
import { BACKEND_NAMES, chooseBackend } from '../../src-main/compute/choose-backend.ts'
import { presetSchema } from '../../src-main/contract/index.ts'
import { drawInitialPopulation } from '../../src-main/nas/evolution/initial-population.ts'
import { createRandom } from '../../src-main/nas/random.ts'
import { Optimizer } from '../../src-main/training/optimizer.ts'
import { trainIteration } from '../../src-main/training/train-iteration.ts'
import { createBenchBatch } from '../../src-main/worker/bench/bench-batch.ts'
import { openRunContext } from '../../src-main/worker/run-context.ts'
import { freshSupernet } from '../../src-main/worker/supernet-files.ts'
import { WEBGPU_ENTRIES } from '../support/webgpu-kernels.ts'

/** Sub-networks that the steps go through again and again: after one round every shape was seen. */
const SUBNETS = 200
const LINES = 10

const [preset = 'micro-pose', backend = 'tensorflow', steps = '2000'] = process.argv.slice(2)
process.env['TF_NUM_INTRAOP_THREADS'] = '1'
process.env['TF_NUM_INTEROP_THREADS'] = '1'
const file = new URL(`../../resources/presets/${preset}.json`, import.meta.url)
const { config: given } = presetSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
const drawn = { ...given.dataset.drawn, train: 30, search: 10, report: 10 }
const config = { ...given, dataset: { ...given.dataset, drawn } }
const wish = BACKEND_NAMES.find((name) => name === backend) ?? 'tensorflow'
const { kernels } = await chooseBackend(wish, WEBGPU_ENTRIES)
const run = await openRunContext(config, kernels)
const supernet = freshSupernet(run)
const { optimizer: settings, batch: size, idleWeights } = config.supernet
const optimizer = new Optimizer(supernet, settings)
const { members } = drawInitialPopulation(run.space, SUBNETS, createRandom(1, 'memory'))
const plans = members.map(({ genotype }) => run.plan(genotype))
const host = createBenchBatch(config, run.shape.outputs, size)
const every = Math.max(1, Math.floor(Number(steps) / LINES))
for (let step = 1; step <= Number(steps); step++) {
  const plan = plans[step % plans.length]
  if (plan === undefined) {
    throw new Error('there are no sub-networks')
  }
  const batch = run.task.upload(kernels, host)
  const { task } = trainIteration({
    ...{ supernet, optimizer, plan, batch, idleWeights, learningRate: settings.learningRate },
    teacher: null,
    distillationWeight: 0,
  })
  kernels.downloadSync(task)
  kernels.release(task)
  batch.release()
  if (step % every === 0) {
    globalThis.gc?.()
    const megabytes = (process.memoryUsage().rss / 1e6).toFixed(0)
    console.log(`step ${step}: ${kernels.liveTensors()} handles, ${megabytes} MB`)
  }
}
console.log(`at most ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB`)
