import { setTimeout as sleep } from 'node:timers/promises'
import type { FromWorker, Job, ToWorker } from '../../src-main/contract/index.ts'
import { Pauses } from '../../src-main/worker/pauses.ts'
import { FakeExecutor } from './fake-executor.ts'

/**
 * A worker process that speaks the protocol and computes nothing: the same answers as the fake executor, at a pace that lets a test
 * meet it in the middle. FAKE_WORKER says how it behaves: `slow` (20 ms a step), `mute` (never ready), `dies` (at the first job),
 * `memory` (says bad_alloc and aborts), `no-backend` (refuses with two reasons and ends), `deaf` (ignores a request to stop), `chatty` (many lines).
 */
const behaviour = process.env['FAKE_WORKER'] ?? ''
const STEP_MS = behaviour === 'slow' || behaviour === 'deaf' ? 20 : 0

const send = (message: FromWorker): void => {
  process.send?.(message)
}
const stops = new Map<string, AbortController>()
const pauses = new Pauses()

process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => undefined)
process.on('message', (message: ToWorker) => {
  if (message.kind === 'run-job') {
    void runJob(message.jobId, message.job)
  } else if (message.kind === 'stop-job' && behaviour !== 'deaf') {
    stops.get(message.jobId)?.abort()
  } else if (message.kind === 'pause-job') {
    pauses.ask(message.jobId)
  } else if (message.kind === 'resume-job') {
    pauses.end(message.jobId)
  } else if (message.kind === 'shut-down') {
    process.exit(0)
  }
})

if (behaviour === 'no-backend') {
  const refusals = [
    { backend: 'tensorflow', code: 'no-native-part', reason: 'the library is missing. Run "npm something"' },
    { backend: 'webgpu', code: 'software-adapter', reason: 'a renderer. docs/gpu.md is no part of it' },
  ] as const
  process.send?.({ kind: 'refused', refusals } satisfies FromWorker, () => process.exit(3))
}
if (!['mute', 'no-backend'].includes(behaviour)) {
  const threads = Number(process.env['SCALENAS_THREADS'])
  console.log(`fake worker, ${String(threads)} threads`)
  send({ kind: 'ready', backend: 'fake', backendVersion: '1', device: 'none', refused: [], threads })
}

async function runJob(jobId: string, job: Job): Promise<void> {
  await misbehave()
  const stop = new AbortController()
  stops.set(jobId, stop)
  const executor = new FakeExecutor(async () => {
    await sleep(STEP_MS)
    await pauses.rest(jobId, () => send({ kind: 'job-paused', jobId }))
  })
  try {
    const result = await executor.runJob(job, {
      ...{ lane: '', threads: 1, backend: 'auto', logFolder: null, signal: stop.signal },
      onEvent: (event) => send({ ...event, jobId }),
    })
    send({ kind: 'job-completed', jobId, result })
  } catch (thrown) {
    const error = thrown as { readonly code: 'STOPPED'; readonly message: string }
    send({ kind: 'job-failed', jobId, error: { code: error.code, message: error.message, details: [] } })
  }
}

async function misbehave(): Promise<void> {
  if (behaviour === 'dies') {
    console.error('last words')
    process.kill(process.pid, 'SIGSEGV')
  }
  if (behaviour === 'memory') {
    console.error("terminate called after throwing an instance of 'std::bad_alloc'")
    process.abort()
  }
  if (behaviour === 'chatty') {
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${String(index + 1)}\n`)
    await new Promise((written) => process.stdout.write(lines.join(''), written))
    process.exit(7)
  }
}
