/**
 * Runs the studio's networks and their PyTorch twin in turns and prints how long ours take against PyTorch.
 *
 *   node tests/bench/compare-with-torch.ts [--python FILE] [--network A,B] [--subnet A,B] [--threads N] [--batch N]
 *     [--backend A,B] [--work step,inference,deployed] [--rounds N] [--budget MS] [--clock wall|cpu] [--json]
 *
 * Without --python a virtual environment with PyTorch is made in the user's cache folder. Ratios below 1 mean that ours is faster.
 * --clock cpu compares processor time, where other programs use the machine; with 1 thread both do all their work in it.
 * Before anything is timed, outputs and first losses of both must agree.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, homedir, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { BackendName, BenchSubnet, BenchWork, RunConfig } from '../../src-main/contract/index.ts'
import { trainingInputSize } from '../../src-main/datasets/training-input-size.ts'
import { alternate } from '../../src-main/engine/bench/alternate.ts'
import type { Contender } from '../../src-main/engine/bench/alternate.ts'
import { openContender } from '../../src-main/engine/bench/run-bench.ts'
import { summariseRatio, summariseTimes } from '../../src-main/engine/bench/summarise-times.ts'
import { findPreset, loadPresets } from '../../src-main/engine/configure/presets.ts'
import { countOutputs, createSearchSetup } from '../../src-main/engine/configure/search-setup.ts'
import { LocalExecutor } from '../../src-main/engine/executors/local-executor.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../src-main/nas/named-genotypes.ts'

const TORCH = 'torch==2.13.0'
const LAYOUTS = ['default', 'channels_last'] as const
/** As for the studio's workers. */
const NICENESS = 5
const TRACED_STEPS = 2
/** Sums in another order through up to a hundred layers; a wrong layer is off by tenths. */
const OUTPUT_TOLERANCE = 2e-4
/** Adam divides by the root of the square: the sign of a gradient that is almost zero decides a whole step, so later losses part. */
const LOSS_TOLERANCE = 2e-3

const { values: options } = parseArgs({
  options: {
    python: { type: 'string' },
    network: { type: 'string', default: 'micro-pose,mini-pose,pose-w32-256x192' },
    subnet: { type: 'string', default: 'smallest,largest' },
    work: { type: 'string', default: 'step,inference' },
    backend: { type: 'string', default: 'tensorflow' },
    threads: { type: 'string', default: '1' },
    batch: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    budget: { type: 'string', default: '1000' },
    clock: { type: 'string', default: 'wall' },
    json: { type: 'boolean', default: false },
  },
})

/** The twin in a process of its own: one request, one answer. */
class Twin implements Contender {
  readonly #child
  readonly #answers: AsyncIterator<string>
  readonly #work: BenchWork

  constructor(python: string, threads: number, work: BenchWork) {
    this.#work = work
    this.#child = spawn(python, [fileURLToPath(new URL('torch-twin.py', import.meta.url))], {
      env: { ...process.env, OMP_NUM_THREADS: String(threads), OMP_WAIT_POLICY: 'passive' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    if (this.#child.pid !== undefined) {
      setPriority(this.#child.pid, NICENESS)
    }
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async ask(request: object): Promise<Record<string, unknown>> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`)
    const next: IteratorResult<string, unknown> = await this.#answers.next()
    if (next.done === true) {
      throw new Error('the PyTorch twin ended')
    }
    const answer = JSON.parse(next.value) as Record<string, unknown>
    if (typeof answer['error'] === 'string') {
      throw new Error(`the PyTorch twin: ${answer['error']}`)
    }
    return answer
  }

  async repeat(budgetMs: number): Promise<readonly number[]> {
    const least = budgetMs > 0 ? 1 : 2
    const answer = await this.ask({ kind: 'repeat', work: this.#work, budgetMs, least, clock: options.clock })
    return answer['milliseconds'] as number[]
  }

  close(): void {
    this.#child.stdin.end()
  }
}

interface Subject {
  readonly network: string
  readonly config: RunConfig
  readonly subnet: BenchSubnet
  readonly batch: number
}

const python = options.python ?? installTorch()
const presets = await loadPresets(fileURLToPath(new URL('../../resources/presets/', import.meta.url)))
const executor = new LocalExecutor({ workerEntry: new URL('../../src-main/worker/main.ts', import.meta.url) })
const folder = await mkdtemp(join(tmpdir(), 'scalenas-twin-'))
const threads = Number(options.threads)
const results: object[] = []
console.error(
  `${cpus()[0]?.model ?? ''}, ${String(availableParallelism())} cores, ${String(threads)} threads, ${TORCH}`,
)
try {
  for (const network of options.network.split(',')) {
    const { config } = findPreset(presets, network)
    const isFullSize = config.network.inputHeight * config.network.inputWidth >= 256 * 192
    const batch = Number(options.batch ?? (isFullSize ? 4 : config.supernet.batch))
    for (const subnet of options.subnet.split(',') as BenchSubnet[]) {
      for (const work of options.work.split(',') as BenchWork[]) {
        results.push(...(await compare({ network, config, subnet, batch }, work)))
      }
    }
  }
  if (options.json) {
    console.log(JSON.stringify(results, null, 2))
  }
} finally {
  await executor.close()
  await rm(folder, { recursive: true, force: true })
}

async function compare(subject: Subject, work: BenchWork): Promise<object[]> {
  const file = join(folder, 'network.safetensors')
  const trace = await traceOurs(subject, file)
  const twins = LAYOUTS.map((layout) => ({ layout, twin: new Twin(python, threads, work) }))
  const signal = new AbortController().signal
  const backends = options.backend.split(',') as BackendName[]
  const ours = backends.map((backend) =>
    openContender(
      { ...subject, work, clock: options.clock === 'cpu' ? 'cpu' : 'wall' },
      { backend, threads: backend === 'wasm' ? 1 : threads },
      { executor, signal },
    ),
  )
  try {
    for (const { layout, twin } of twins) {
      await twin.ask({ kind: 'open', threads, ...describeSubject(subject, file, layout) })
      checkTrace(
        trace,
        await twin.ask({ kind: 'trace', steps: TRACED_STEPS }),
        `${subject.network} ${subject.subnet}, ${layout}`,
      )
    }
    const contenders = new Map<string, Contender>([
      ...ours.map((contender) => [contender.variant.backend, contender] as const),
      ...twins.map(({ layout, twin }) => [layout, twin] as const),
    ])
    const rounds = await alternate(contenders, {
      rounds: Number(options.rounds),
      budgetMs: Number(options.budget),
    })
    return backends.map((backend) => {
      const own = rounds.get(backend) ?? []
      const times = Object.fromEntries([...rounds].map(([name, values]) => [name, summariseTimes(values)]))
      const ratios = Object.fromEntries(
        LAYOUTS.map((layout) => [layout, summariseRatio(own, rounds.get(layout) ?? [])]),
      )
      const { network, subnet, batch } = subject
      console.error(
        `${network} ${subnet}, ${work}, batch ${String(batch)}, ${backend} ${(times[backend]?.medianMs ?? 0).toFixed(1)} ms${options.clock === 'cpu' ? ' of processor time' : ''}: ` +
          LAYOUTS.map((layout) => {
            const { median, low, high } = ratios[layout] ?? { median: 0, low: 0, high: 0 }
            return `${median.toFixed(2)} (${low.toFixed(2)} … ${high.toFixed(2)}) of torch ${layout} ${(times[layout]?.medianMs ?? 0).toFixed(1)} ms`
          }).join(', '),
      )
      return { network, subnet, work, batch, threads, backend, times, ratios }
    })
  } finally {
    twins.forEach(({ twin }) => {
      twin.close()
    })
    await executor.release(ours.map(({ lane }) => lane))
  }
}

async function traceOurs({ config, subnet, batch }: Subject, file: string) {
  const job = {
    kind: 'bench-trace',
    config,
    outputs: countOutputs(config, null),
    subnet,
    batch,
    steps: TRACED_STEPS,
    file,
  } as const
  const lane = 'trace'
  try {
    return await executor.runJob(job, {
      ...{ lane, threads, backend: options.backend.split(',')[0] as BackendName, logFolder: null },
      onEvent: () => undefined,
    })
  } finally {
    await executor.release([lane])
  }
}

function describeSubject({ config, subnet, batch }: Subject, file: string, layout: string): object {
  const outputs = countOutputs(config, null)
  const { space } = createSearchSetup(config, outputs)
  const genotype = { smallest: smallestGenotype, hrnet: hrnetGenotype, largest: largestGenotype }[subnet](
    space,
  )
  const { inputHeight: height, inputWidth: width } = trainingInputSize(config)
  return {
    ...{
      file,
      task: config.task,
      network: config.network,
      outputs,
      batch,
      height,
      width,
      layout_name: layout,
    },
    ...{ layout: config.space.layout, modules: genotype.modules, optimizer: config.supernet.optimizer },
    miningShare: config.segmentation.miningShare,
    miningThreshold: config.segmentation.miningThreshold,
  }
}

/** @throws Error if the two networks are not the same. */
function checkTrace(
  ours: { readonly output: Float32Array; readonly losses: readonly number[] },
  answer: Record<string, unknown>,
  what: string,
): void {
  const output = answer['output'] as number[]
  const losses = answer['losses'] as number[]
  const range = output.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const off = output.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (ours.output[i] ?? Number.NaN))),
    0,
  )
  const lossOff = Math.max(
    ...losses.map((loss, i) => Math.abs(loss - (ours.losses[i] ?? Number.NaN)) / Math.abs(loss)),
  )
  console.error(
    `${what}: outputs agree to ${(off / range).toExponential(1)} of their range, losses to ${lossOff.toExponential(1)}`,
  )
  if (
    output.length !== ours.output.length ||
    !(off <= OUTPUT_TOLERANCE * range) ||
    !(lossOff <= LOSS_TOLERANCE)
  ) {
    throw new Error(
      `${what}: the twin is another network (losses ${losses.join(', ')} against ${ours.losses.join(', ')})`,
    )
  }
}

/** A virtual environment outside of the project; kept for the next time. */
function installTorch(): string {
  const environment = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'scalenas-torch')
  const installed = join(environment, 'bin', 'python')
  if (!existsSync(join(environment, 'complete'))) {
    console.error(`installing ${TORCH} into ${environment}`)
    run('python3', ['-m', 'venv', environment])
    run(installed, ['-m', 'pip', 'install', '--quiet', TORCH])
    run('touch', [join(environment, 'complete')])
  }
  return installed
}

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) {
    throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit code ${String(status)}`}`)
  }
}
