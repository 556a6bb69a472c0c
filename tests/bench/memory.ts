// Memory over many training steps of changing sub-networks, in a process with the flags of a worker:
//   node tests/bench/memory.ts micro-pose wasm 2000
// Prints ten times the native handles, the resident size and what of it is the backend's and V8's, then how far the resident size went
// from that after the warm-up (one round of all sub-networks). Ends with 1 if by more than 3 %, or if a handle was left behind.
// With --expose-gc garbage is collected before each line; a worker never does that by itself.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chooseBackend } from '../../src-main/compute/choose-backend.ts'
import { BACKENDS, presetSchema } from '../../src-main/contract/index.ts'
import { WORKER_FLAGS } from '../../src-main/engine/executors/worker-flags.ts'
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
const ALLOWED = 0.03
const MEGA = 1e6

if (!WORKER_FLAGS.every((flag) => process.execArgv.includes(flag))) {
  const flags = [...new Set([...WORKER_FLAGS, ...process.execArgv])]
  const again = [...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  process.exit(spawnSync(process.execPath, again, { stdio: 'inherit' }).status ?? 1)
}
const [preset = 'micro-pose', backend = 'tensorflow', steps = '2000'] = process.argv.slice(2)
process.env['TF_NUM_INTRAOP_THREADS'] = '1'
process.env['TF_NUM_INTEROP_THREADS'] = '1'
const file = new URL(`../../resources/presets/${preset}.json`, import.meta.url)
const { config: given } = presetSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
const drawn = { ...given.dataset.drawn, train: 30, search: 10, report: 10 }
const config = { ...given, dataset: { ...given.dataset, drawn } }
const wish = BACKENDS.find((name) => name === backend) ?? 'tensorflow'
const { kernels } = await chooseBackend(wish, WEBGPU_ENTRIES)
const run = await openRunContext(config, kernels)
const supernet = freshSupernet(run)
const { optimizer: settings, batch: size, idleWeights } = config.supernet
const optimizer = new Optimizer(supernet, settings)
const { members } = drawInitialPopulation(run.space, SUBNETS, createRandom(1, 'memory'))
const plans = members.map(({ genotype }) => run.plan(genotype))
const host = createBenchBatch(config, run.shape.outputs, size)
const every = Math.max(1, Math.floor(Number(steps) / LINES))
const mega = (bytes: number): string => (bytes / MEGA).toFixed(0)
let peak = 0
let warm: { readonly resident: number; readonly handles: number } | null = null
let lowest = Number.POSITIVE_INFINITY
let highest = 0
let leaked = 0
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
  const isLine = step % every === 0
  if (isLine) {
    globalThis.gc?.()
  }
  const { rss, heapTotal } = process.memoryUsage()
  const handles = kernels.liveTensors()
  peak = Math.max(peak, rss)
  if (step >= SUBNETS) {
    warm ??= { resident: rss, handles }
    lowest = Math.min(lowest, rss)
    highest = Math.max(highest, rss)
    leaked = Math.max(leaked, handles - warm.handles)
  }
  if (isLine) {
    const held = kernels.backendBytes()
    const parts = `${held === null ? '' : `${kernels.name} ${mega(held)} MB, `}V8 ${mega(heapTotal)} MB`
    console.log(`step ${step}: ${handles} handles, ${mega(rss)} MB resident, of that ${parts}`)
  }
}
console.log(
  `at most ${mega(process.resourceUsage().maxRSS * 1024)} MB, at most ${mega(peak)} MB at the end of a step`,
)
if (warm === null) {
  console.log(`no verdict: the warm-up is ${SUBNETS} steps`)
} else {
  const percent = (bytes: number): string => ((bytes / warm.resident - 1) * 100).toFixed(1)
  console.log(
    `after ${SUBNETS} steps ${mega(warm.resident)} MB, from there to step ${steps} ${percent(lowest)} to +${percent(highest)} %,` +
      ` ${leaked} handles left behind`,
  )
  process.exitCode = highest > warm.resident * (1 + ALLOWED) || leaked > 0 ? 1 : 0
}
