import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BackendName, Job, RunConfig, WorkerReady } from '../../../src-main/contract/index.ts'
import { freezeConfig } from '../../../src-main/engine/configure/freeze-config.ts'
import type { JobEvent, JobOptions } from '../../../src-main/engine/executors/executor.ts'
import { LocalExecutor } from '../../../src-main/engine/executors/local-executor.ts'
import { findWorkerNode, workerEnvironment } from '../../../src-main/engine/executors/node-runtime.ts'
import { toRefusal } from '../../../src-main/engine/executors/backend-refused.ts'
import { toDeathError } from '../../../src-main/engine/executors/worker-death.ts'
import { createTemporaryFolder, readPresets } from '../../support/engine-core.ts'

const WORKER = new URL('../../support/fake-worker.ts', import.meta.url)
const TIMINGS = { readyMs: 10_000, stopMs: 300, drainMs: 3000 }

describe('the local executor', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let executor: LocalExecutor
  let config: RunConfig
  beforeEach(async () => {
    folder = createTemporaryFolder()
    config = freezeConfig(await readPresets(), { preset: 'micro-pose', overrides: {} })
    executor = new LocalExecutor({ workerEntry: WORKER, timings: TIMINGS })
  })
  afterEach(async () => {
    delete process.env['FAKE_WORKER']
    await executor.close()
    folder.remove()
  })

  const job = (): Extract<Job, { kind: 'train' }> => ({
    ...{ kind: 'train', phase: 'teacher', runId: 'r-local1', config, attempt: 1 },
    ...{ runFolder: folder.folder, cacheFolder: folder.folder },
  })
  const options = (more: Partial<JobOptions> = {}): JobOptions => ({
    ...{ lane: 'main', threads: 2, backend: 'auto', logFolder: null, onEvent: () => undefined },
    ...more,
  })
  const behave = (behaviour: string): void => {
    process.env['FAKE_WORKER'] = behaviour
  }

  it('hands on events and the result, and gives the worker its threads', async () => {
    const events: JobEvent[] = []
    const facts: WorkerReady[] = []
    const result = await executor.runJob(
      job(),
      options({ onEvent: (event) => events.push(event), onReady: (ready) => facts.push(ready) }),
    )
    expect(result).toEqual({ iterations: 3, finalLoss: 0.5 })
    expect(events.map((event) => event.kind)).toContain('checkpoint-written')
    expect(facts).toMatchObject([{ backend: 'fake', threads: 2 }])
  })

  it('runs the jobs of one lane one after another in one process, lanes side by side', async () => {
    const running = new Map<string, number>()
    let mostInLane = 0
    const run = async (lane: string) => {
      const onEvent = (): void => {
        mostInLane = Math.max(mostInLane, running.get(lane) ?? 0)
      }
      const count = (by: number) => running.set(lane, (running.get(lane) ?? 0) + by)
      await executor.runJob(job(), options({ lane, onEvent, onReady: () => count(1) }))
      count(-1)
    }
    await Promise.all([run('a'), run('a'), run('b')])
    expect(mostInLane).toBe(1)
  })

  it('never gives more cores than there are, and takes turns with what trains', async () => {
    behave('slow')
    await executor.close()
    executor = new LocalExecutor({ workerEntry: WORKER, timings: TIMINGS, cores: 2, sliceMs: 150 })
    const steps: string[] = []
    const train = (lane: string) =>
      executor.runJob(job(), options({ lane, cores: 2, onEvent: () => steps.push(lane) }))
    const urgentDone: number[] = []
    const first = train('a')
    const second = train('b')
    const urgent = executor
      .runJob(
        { kind: 'inspect-dataset', path: '/x', format: null },
        options({ lane: 'u', isUrgent: true, cores: 1 }),
      )
      .then(() => urgentDone.push(steps.length))
    await Promise.all([first, second, urgent])
    // Seven events each; the one that was asked for while the first started did not wait for either to end.
    expect(steps).toHaveLength(14)
    expect(urgentDone[0]).toBeLessThan(7)
  })

  it('ends a paused job when it is stopped', async () => {
    behave('slow')
    await executor.close()
    executor = new LocalExecutor({ workerEntry: WORKER, timings: TIMINGS, cores: 1, sliceMs: 30 })
    const stop = new AbortController()
    let started: () => void = () => undefined
    const hasStarted = new Promise<void>((resolve) => (started = resolve))
    const evaluate = (lane: string, signal?: AbortSignal) => {
      const candidates = Array.from({ length: 300 }, (_, index) => ({
        ...{ candidateId: `c${String(index)}`, genotypeId: 'abcdef' },
        genotype: { task: 'pose' as const, width: 8, maxDepth: 3, stages: [] },
      }))
      return executor.runJob(
        { ...job(), kind: 'evaluate', split: 'search', candidates },
        options({ lane, threads: 1, ...(signal ? { signal } : {}), onEvent: () => started() }),
      )
    }
    const first = evaluate('a', stop.signal)
    await hasStarted
    let otherSteps = 0
    const second = executor.runJob(
      job(),
      options({ lane: 'b', threads: 1, onEvent: () => (otherSteps += 1) }),
    )
    while (otherSteps === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    stop.abort()
    await expect(first).rejects.toMatchObject({ code: 'STOPPED' })
    expect(await second).toMatchObject({ iterations: 3 })
  })

  it('notices a death at once, with signal and last output', async () => {
    behave('dies')
    const logFolder = join(folder.folder, 'logs')
    const error = await executor.runJob(job(), options({ logFolder })).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'WORKER_DIED',
      message: expect.stringContaining('SIGSEGV') as string,
    })
    expect((error as { details: string[] }).details).toContain('last words')
    expect(readFileSync(join(logFolder, 'worker-main.log'), 'utf8')).toContain('last words')
    behave('')
    expect(await executor.runJob(job(), options())).toMatchObject({ iterations: 3 })
  })

  it('names out of memory', async () => {
    behave('memory')
    await expect(executor.runJob(job(), options())).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
  })

  it('keeps the last 200 lines of output', async () => {
    behave('chatty')
    const error = await executor.runJob(job(), options()).catch((thrown: unknown) => thrown)
    const { details } = error as { details: string[] }
    expect(details[0]).toMatch(/exit code 7/)
    expect(details.slice(1)).toEqual(Array.from({ length: 200 }, (_, index) => `line ${String(801 + index)}`))
  })

  it('says that no backend can be used when the worker says so', async () => {
    behave('no-backend')
    const thrown: unknown = await executor.runJob(job(), options()).catch((reason: unknown) => reason)
    expect(thrown).toMatchObject({
      code: 'MISSING_PART',
      message: expect.stringContaining('tensorflow: the library is missing') as string,
    })
    // Codes and reasons as the worker gave them, whatever words are in them.
    expect(toRefusal(thrown, 'webgpu')).toEqual({
      ...{ backend: 'webgpu', code: 'software-adapter', reason: 'a renderer. docs/gpu.md is no part of it' },
    })
    expect(toRefusal(thrown, 'tensorflow').code).toBe('no-native-part')
    expect(toRefusal(thrown, 'wasm').code).toBe('no-answer')
  })

  it('gives up on a worker that never gets ready', async () => {
    behave('mute')
    await executor.close()
    executor = new LocalExecutor({ workerEntry: WORKER, timings: { ...TIMINGS, readyMs: 700 } })
    await expect(executor.runJob(job(), options())).rejects.toThrow(/not get ready within 0.7 s/)
  })

  it('stops a job at a safe point', async () => {
    behave('slow')
    const stop = new AbortController()
    const running = executor.runJob(job(), options({ signal: stop.signal, onEvent: () => stop.abort() }))
    await expect(running).rejects.toMatchObject({ code: 'STOPPED' })
  })

  it('kills a worker that does not stop, and calls that stopped', async () => {
    behave('deaf')
    const stop = new AbortController()
    const many = { ...job(), kind: 'evaluate' as const, split: 'search' as const }
    const genotype = {
      ...{ task: 'pose' as const, width: 8, maxDepth: 3 },
      stages: [{ name: 'stage2', modules: [{ branches: 2, depths: [1, 1], fusion: [] }] }],
    }
    const candidates = Array.from({ length: 500 }, (_, index) => ({
      ...{ candidateId: `c${String(index)}`, genotypeId: 'abcdef', genotype },
    }))
    const running = executor.runJob(
      { ...many, candidates },
      options({ signal: stop.signal, onEvent: () => stop.abort() }),
    )
    await expect(running).rejects.toMatchObject({ code: 'STOPPED' })
  })

  it('does not start a job that is stopped before its turn', async () => {
    await expect(executor.runJob(job(), options({ signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: 'STOPPED',
    })
  })

  it('ends the job when its result cannot be stored, and says why', async () => {
    behave('slow')
    const full = Object.assign(new Error('full'), { code: 'SQLITE_FULL' })
    const onEvent = (): void => {
      throw full
    }
    await expect(executor.runJob(job(), options({ onEvent }))).rejects.toMatchObject({ code: 'STORAGE' })
  })

  it('probes what a worker says about itself', async () => {
    expect(await executor.probe('auto')).toMatchObject({ backend: 'fake', threads: 1 })
  })
})

describe('the name of a death', () => {
  const death = {
    pid: 5,
    exitCode: null,
    signal: 'SIGKILL' as const,
    tail: [],
    jobKind: 'train',
    refusals: [],
  }

  it('is out of memory when the kernel counted a kill for memory', () => {
    expect(toDeathError({ ...death, wasKilledForMemory: true }).code).toBe('OUT_OF_MEMORY')
    expect(toDeathError({ ...death, wasKilledForMemory: false }).code).toBe('WORKER_DIED')
  })

  it.each([
    'ResourceExhaustedError: OOM when allocating tensor with shape[64,256,64,48]',
    "terminate called after throwing an instance of 'std::bad_alloc'",
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    'RuntimeError: memory access out of bounds: Cannot allocate memory',
  ])('is out of memory after "%s"', (line) => {
    const error = toDeathError({ ...death, tail: ['training', line], wasKilledForMemory: false })
    expect(error.code).toBe('OUT_OF_MEMORY')
    expect(error.details).toContain(line)
  })

  it.each<[BackendName[], string]>([
    [['webgpu'], 'docs/gpu.md'],
    [['tensorflow'], 'npm run setup'],
    [['tensorflow', 'webgpu', 'wasm'], 'npm run setup'],
  ])('is a missing part where %j were refused, with advice that helps: %s', (backends, advice) => {
    const refusals = backends.map((backend) => ({
      ...{ backend, code: 'does-not-load' as const, reason: `${backend} is broken` },
    }))
    const ended = { ...death, exitCode: 3, signal: null, jobKind: null, wasKilledForMemory: false }
    const error = toDeathError({ ...ended, refusals, tail: ['last words'] })
    expect(error.code).toBe('MISSING_PART')
    expect(error.message).toContain(backends.map((backend) => `${backend}: ${backend} is broken`).join(' | '))
    expect(error.message).toContain(advice)
    expect(error.details).toContain('last words')
  })
})

describe('the runtime of workers', () => {
  it('is this Node, and inside Electron the one that is named', () => {
    expect(findWorkerNode({}, { node: '24' })).toBe(process.execPath)
    expect(findWorkerNode({ SCALENAS_NODE: '/opt/node' }, { electron: '45' })).toBe('/opt/node')
  })

  it('gets threads and allocator settings, and nothing that would change what it is', () => {
    const env = workerEnvironment(3, 'wasm', {
      PATH: '/bin',
      ELECTRON_RUN_AS_NODE: '1',
      NODE_OPTIONS: '--inspect',
    })
    expect(env).toMatchObject({
      PATH: '/bin',
      SCALENAS_THREADS: '3',
      SCALENAS_BACKEND: 'wasm',
      TF_NUM_INTRAOP_THREADS: '3',
    })
    expect(env).not.toHaveProperty('ELECTRON_RUN_AS_NODE')
    expect(env).not.toHaveProperty('NODE_OPTIONS')
  })
})
