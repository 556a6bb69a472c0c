import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BACKENDS, EngineError } from '../../../../src-main/contract/index.ts'
import type {
  BackendName,
  BackendRefusal,
  ComputePlan,
  MachineFacts,
  RefusalCode,
  RunConfig,
} from '../../../../src-main/contract/index.ts'
import { threadCounts, searchLayouts } from '../../../../src-main/engine/calibration/calibrate.ts'
import type { ProbeVariant } from '../../../../src-main/engine/calibration/calibrate.ts'
import { choosePlan } from '../../../../src-main/engine/calibration/choose-plan.ts'
import type { PlanSurroundings } from '../../../../src-main/engine/calibration/choose-plan.ts'
import {
  forgetLibraries,
  openKnownLibraries,
  relearnLibraries,
} from '../../../../src-main/engine/calibration/known-libraries.ts'
import type { AnswerOfBackend } from '../../../../src-main/engine/calibration/known-libraries.ts'
import { chooseRepresentative, sizeClass } from '../../../../src-main/engine/calibration/representative.ts'
import { meanReading, movePlan } from '../../../../src-main/engine/calibration/settle-plan.ts'
import { countGigaFlops } from '../../../../src-main/engine/bench/run-bench.ts'
import { BackendRefusedError } from '../../../../src-main/engine/executors/backend-refused.ts'
import { freezeConfig } from '../../../../src-main/engine/configure/freeze-config.ts'
import type { Store } from '../../../../src-main/store/store.ts'
import { createTemporaryFolder, openTestStore, readPresets } from '../../../support/engine-core.ts'

const MACHINE: MachineFacts = { processor: 'Test CPU', cores: 4, memoryBytes: 8 * 2 ** 30 }

/** A machine made of formulas: a clock that only the work moves. */
class FakeMachine implements PlanSurroundings {
  readonly codeVersion = '1.0'
  readonly calibrations: Store['calibrations']
  readonly libraries: PlanSurroundings['libraries']
  /** Of the files of the libraries. */
  stamp = 'as built'
  version = '2.0'
  /** Workers that were started to be asked for their version. */
  asked = 0
  machine = MACHINE
  /** Milliseconds of a step of one thread; a thread more brings 80 % of itself. */
  stepMs: Partial<Record<BackendName, number>> = { tensorflow: 100, wasm: 200 }
  /** What a worker is slowed down by each worker beside it. */
  crowding = 0
  loads = 0.1
  readingMs: number | Error = 0.5
  webgpuCode: RefusalCode = 'no-adapter'
  failing: (variant: ProbeVariant) => Error | null = () => null
  /** Every repetition: [name, work]. */
  readonly repeated: string[] = []
  closed = 0
  #clock = 0

  constructor(store: Store) {
    this.calibrations = store.calibrations
    this.libraries = openKnownLibraries(store.settings, () => this.stamp)
  }

  refusalOf(backend: BackendName): BackendRefusal {
    const code = backend === 'webgpu' ? this.webgpuCode : 'no-native-part'
    return { backend, code, reason: `no ${backend} here` }
  }

  readonly load = () => this.loads
  readonly now = () => 1000

  openProbe(): ReturnType<PlanSurroundings['openProbe']> {
    return {
      now: () => this.#clock,
      versionOf: (backend) => {
        this.asked += 1
        return this.stepMs[backend] === undefined
          ? Promise.reject(new BackendRefusedError([this.refusalOf(backend)]))
          : Promise.resolve({ backendVersion: this.version, device: 'cpu' })
      },
      repeat: (variant, work, budgetMs) => {
        const failure = this.failing(variant)
        if (failure !== null) {
          return Promise.reject(failure)
        }
        const { backend, threads, copy } = variant
        this.repeated.push(`${backend}/${String(threads)}/${String(copy)} ${work}`)
        const step = (this.stepMs[backend] ?? Number.NaN) / (1 + 0.8 * (threads - 1))
        const milliseconds = (work === 'step' ? step : step / 3) * (1 + this.crowding * copy)
        this.#clock += Math.max(milliseconds, budgetMs)
        return Promise.resolve(budgetMs === 0 ? [] : [milliseconds])
      },
      close: () => {
        this.closed += 1
        return Promise.resolve()
      },
    }
  }

  readonly measureLoader = () =>
    this.readingMs instanceof Error
      ? Promise.reject(this.readingMs)
      : Promise.resolve({ millisecondsPerImage: this.readingMs, images: 64 })
}

describe('the plan of a run', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let store: Store
  let around: FakeMachine
  beforeEach(async () => {
    folder = createTemporaryFolder()
    store = await openTestStore(folder.folder)
    around = new FakeMachine(store)
  })
  afterEach(() => {
    store.close()
    folder.remove()
  })
  const freeze = async (overrides: Record<string, number | string> = {}, preset = 'mini-pose') =>
    freezeConfig(await readPresets(), { preset, overrides })

  it('is measured once and then taken from the data folder', async () => {
    const first = await choosePlan(await freeze(), around)
    expect(first).toMatchObject({
      ...{ origin: 'measured', backend: 'tensorflow', trainThreads: 3, loaderThreads: 1 },
      ...{ searchWorkers: 4, searchThreads: 1, warnings: [] },
    })
    expect(first.calibration).toMatchObject({
      network: 'mini pose, width 16, 128 × 96',
      versions: { wasm: '2.0' },
    })
    const count = around.repeated.length
    const second = await choosePlan(await freeze(), around)
    expect(around.repeated).toHaveLength(count)
    expect(second).toMatchObject({ origin: 'cached', trainThreads: 3, reasons: first.reasons })
    expect(around.closed).toBe(1)
  })

  it('asks no worker for versions while the files of the libraries are the same', async () => {
    await choosePlan(await freeze(), around)
    const { asked } = around
    expect(asked).toBeGreaterThan(0)
    await choosePlan(await freeze(), around)
    expect(around.asked).toBe(asked)
    // Touched files with the same libraries in them: asked, but not measured.
    around.stamp = 'copied anew'
    const repeated = around.repeated.length
    expect((await choosePlan(await freeze(), around)).origin).toBe('cached')
    expect(around.asked).toBe(2 * asked)
    expect(around.repeated).toHaveLength(repeated)
    around.stamp = 'another library'
    around.version = '3.0'
    const plan = await choosePlan(await freeze(), around)
    expect(plan).toMatchObject({ origin: 'measured', calibration: { versions: { tensorflow: '3.0' } } })
    // What a run's worker found out.
    forgetLibraries(store.settings)
    await choosePlan(await freeze(), around)
    expect(around.asked).toBe(4 * asked)
  })

  it('goes by what the doctor found, and asks where that was an accident', async () => {
    const answer = (backend: BackendName): AnswerOfBackend =>
      around.stepMs[backend] === undefined
        ? around.refusalOf(backend)
        : { backend, facts: { backendVersion: around.version, device: 'cpu' } }
    const doctor = (): void => {
      relearnLibraries(store.settings, BACKENDS.map(answer), () => around.stamp)
    }
    await choosePlan(await freeze(), around)
    const { asked } = around
    doctor()
    expect((await choosePlan(await freeze(), around)).origin).toBe('cached')
    expect(around.asked).toBe(asked)
    const onlyWasm = await freeze({ 'compute.backend': 'wasm' })
    await choosePlan(onlyWasm, around)
    expect((await choosePlan(onlyWasm, around)).origin).toBe('cached')
    const { asked: askedForWasm } = around
    doctor()
    expect((await choosePlan(onlyWasm, around)).origin).toBe('cached')
    expect(around.asked).toBe(askedForWasm)
    around.version = '3.0'
    doctor()
    expect((await choosePlan(await freeze(), around)).calibration).toMatchObject({
      versions: { tensorflow: '3.0' },
    })
    const before = around.asked
    around.webgpuCode = 'no-answer'
    doctor()
    await choosePlan(await freeze(), around)
    expect(around.asked).toBe(before + asked)
  })

  it('asks again where a refusal may have been an accident', async () => {
    around.webgpuCode = 'no-answer'
    await choosePlan(await freeze(), around)
    const { asked } = around
    expect((await choosePlan(await freeze(), around)).origin).toBe('cached')
    expect(around.asked).toBe(2 * asked)
  })

  it.each<[string, (machine: FakeMachine) => void, Record<string, number | string>]>([
    ['another processor', (machine) => (machine.machine = { ...MACHINE, processor: 'Other CPU' }), {}],
    ['other cores', (machine) => (machine.machine = { ...MACHINE, cores: 2 }), {}],
    [
      'another library',
      (machine) => {
        delete machine.stepMs.wasm
        machine.stamp = 'without it'
      },
      {},
    ],
    ['another width', () => undefined, { 'network.baseWidth': 24 }],
    ['another backend that is set', () => undefined, { 'compute.backend': 'tensorflow' }],
  ])('is measured again for %s', async (_name, change, overrides) => {
    await choosePlan(await freeze(), around)
    change(around)
    expect((await choosePlan(await freeze(overrides), around)).origin).toBe('measured')
  })

  it('is measured again when the machine was busy and is quiet now', async () => {
    around.loads = 6
    await choosePlan(await freeze(), around)
    around.loads = 5
    expect((await choosePlan(await freeze(), around)).origin).toBe('cached')
    around.loads = 0.5
    expect((await choosePlan(await freeze(), around)).origin).toBe('measured')
  })

  it('lets the contenders repeat in turns, forwards and backwards, at least three times', async () => {
    await choosePlan(await freeze({ 'compute.backend': 'auto' }), around)
    const steps = around.repeated.filter((line) => line.endsWith('step'))
    // One first step each, then the rounds of those that can win.
    const variants = [1, 2, 3, 4].map((threads) => `tensorflow/${String(threads)}/0 step`)
    expect(steps.slice(0, 5)).toEqual([...variants, 'wasm/1/0 step'])
    expect(steps.slice(5, 13)).toEqual([...variants, ...variants.toReversed()])
    for (const variant of variants) {
      expect(steps.filter((line) => line === variant).length).toBeGreaterThanOrEqual(4)
    }
  })

  it('does not repeat what is hopeless, and does not try WebAssembly at full size', async () => {
    around.stepMs = { tensorflow: 100, wasm: 2000 }
    const plan = await choosePlan(await freeze(), around)
    expect(around.repeated.filter((line) => line === 'wasm/1/0 step')).toHaveLength(1)
    expect(plan.calibration?.notes.join()).toMatch(/wasm: a step takes .* times as long/)
    around.repeated.length = 0
    await choosePlan(await freeze({ 'dataset.path': '/x' }, 'pose-w32-256x192'), around)
    expect(around.repeated.some((line) => line.startsWith('wasm'))).toBe(false)
  })

  it('is WebAssembly where native is missing, with the reason', async () => {
    around.stepMs = { wasm: 50 }
    const plan = await choosePlan(await freeze(), around)
    expect(plan).toMatchObject({ backend: 'wasm', trainThreads: 1 })
    expect(plan.calibration?.notes).toEqual(['tensorflow cannot be used: no tensorflow here'])
  })

  it('remarks on a GPU that computes wrong numbers, not on one that is not there', async () => {
    around.webgpuCode = 'self-test-failed'
    const plan = await choosePlan(await freeze(), around)
    expect(plan.calibration?.notes).toContain('webgpu cannot be used: no webgpu here')
  })

  it('leaves out what fails alone', async () => {
    around.failing = ({ threads }) => (threads === 3 ? new EngineError('OUT_OF_MEMORY', 'too much') : null)
    const plan = await choosePlan(await freeze(), around)
    expect(plan.calibration?.steps.map(({ threads }) => threads)).toEqual([1, 2, 4])
    expect(plan.calibration?.notes).toContain('tensorflow × 3: too much')
    expect(plan.trainThreads + plan.loaderThreads).toBeLessThanOrEqual(4)
  })

  it('follows from the cores, with a warning, when nothing can be measured', async () => {
    around.failing = () => new EngineError('WORKER_DIED', 'gone')
    const plan = await choosePlan(await freeze(), around)
    expect(plan).toMatchObject({ origin: 'formula', backend: 'auto', trainThreads: 3, loaderThreads: 1 })
    expect(plan.warnings.join()).toContain('The calibration failed')
    expect(around.closed).toBe(1)
  })

  it('ends when the run is stopped meanwhile', async () => {
    around.failing = () => new EngineError('STOPPED', 'Stopped on request.')
    await expect(choosePlan(await freeze(), around)).rejects.toMatchObject({ code: 'STOPPED' })
  })

  it('keeps the threads of a data set that cannot be read; the next phase names what is wrong', async () => {
    around.readingMs = new EngineError('DATASET', 'no such folder')
    const plan = await choosePlan(await freeze(), around)
    expect(plan).toMatchObject({ origin: 'measured', trainThreads: 3, loaderThreads: 1, loader: null })
    expect(plan.warnings).toEqual(['What reading pictures costs could not be measured: no such folder'])
  })

  it('measures nothing where everything is set, and warns of too many threads', async () => {
    const set = {
      'compute.trainThreads': 4,
      'compute.loaderThreads': 2,
      'search.workers': 2,
      'search.threads': 1,
    }
    const plan = await choosePlan(await freeze({ ...set, 'compute.backend': 'wasm' }), around)
    expect(around.repeated).toEqual([])
    expect(plan).toMatchObject({ trainThreads: 4, loaderThreads: 2, searchWorkers: 2, searchThreads: 1 })
    expect(plan.warnings).toHaveLength(1)
  })

  it('takes fewer workers where they hinder each other', async () => {
    around.crowding = 4
    expect(await choosePlan(await freeze(), around)).toMatchObject({ searchWorkers: 1, searchThreads: 4 })
  })
})

describe('what is measured', () => {
  it('is every number of threads of native TensorFlow up to eight, and every way to fill the machine', () => {
    expect(threadCounts('tensorflow', 16)).toEqual([1, 2, 3, 4, 6, 8])
    expect(threadCounts('tensorflow', 3)).toEqual([1, 2, 3])
    expect(threadCounts('wasm', 16)).toEqual([1])
    expect(searchLayouts('tensorflow', 2)).toEqual([
      { workers: 1, threads: 1 },
      { workers: 1, threads: 2 },
      { workers: 2, threads: 1 },
    ])
    for (const cores of [1, 2, 3, 5, 8, 64]) {
      for (const { workers, threads } of searchLayouts('tensorflow', cores)) {
        expect(workers * threads).toBeLessThanOrEqual(cores)
      }
    }
  })

  it('is a step of bounded size of each preset’s own network', async () => {
    for (const { config, name } of await readPresets()) {
      const chosen = chooseRepresentative(config)
      const gigaFlops = countGigaFlops({ ...chosen, work: 'step' })
      expect(gigaFlops, name).toBeGreaterThan(0.3)
      expect(gigaFlops, name).toBeLessThan(35)
      expect(chosen.images, name).toBeGreaterThan(0)
      expect(chosen.batch, name).toBeLessThanOrEqual(config.supernet.batch)
      expect(sizeClass(config), name).toBe(
        name.startsWith('micro') || name === 'mini-pose-8'
          ? 'micro'
          : name.startsWith('mini')
            ? 'mini'
            : 'full',
      )
    }
  })

  it('counts drawn pictures as kept, those of a folder as read anew', () => {
    const read = { images: 10, firstMilliseconds: 100, againMilliseconds: 20 }
    const of = (source: string, epochs: number) =>
      meanReading({ dataset: { source }, supernet: { epochs } } as unknown as RunConfig, read)
    expect(of('drawn', 4)).toBeCloseTo((0.25 * 100 + 0.75 * 20) / 10, 12)
    expect(of('drawn', 1)).toBe(10)
    expect(of('coco', 4)).toBe(10)
  })
})

describe('a plan on another machine', () => {
  it('keeps its threads, says so and is recorded; where cores are missing, it shrinks', async () => {
    const config = freezeConfig(await readPresets(), { preset: 'mini-pose', overrides: {} })
    const plan: ComputePlan = {
      ...{
        backend: 'tensorflow',
        origin: 'measured',
        reasons: [],
        warnings: [],
        machine: MACHINE,
        decidedAt: 1,
      },
      ...{ calibration: null, loader: null, moves: [] },
      ...{ trainThreads: 3, loaderThreads: 1, searchWorkers: 2, searchThreads: 2 },
    }
    const arrive = (machine: MachineFacts) => movePlan(plan, { attempt: 2, at: 5, machine, config })
    expect(arrive({ ...MACHINE, memoryBytes: 1 })).toBe(plan)
    const other = arrive({ ...MACHINE, processor: 'Other CPU' })
    expect(other).toMatchObject({ trainThreads: 3, searchThreads: 2, moves: [{ attempt: 2, at: 5 }] })
    expect(other.moves[0]?.note).toMatch(/another machine .*keeps backend and threads/)
    const small = arrive({ ...MACHINE, cores: 2 })
    expect(small).toMatchObject({ trainThreads: 1, loaderThreads: 1, searchWorkers: 1, searchThreads: 2 })
    expect(small.moves[0]?.note).toMatch(/fewer cores.*1 instead of 3/)
    expect(arrive({ ...MACHINE, cores: 1 })).toMatchObject({
      trainThreads: 1,
      loaderThreads: 0,
      searchWorkers: 1,
      searchThreads: 1,
    })
  })
})
