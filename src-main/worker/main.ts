import { chooseBackend, NoBackendError } from '../compute/choose-backend.ts'
import type { BackendWish } from '../compute/choose-backend.ts'
import { SELF_TEST_CASES } from '../compute/self-test.ts'
import { BACKENDS, toErrorInfo } from '../contract/index.ts'
import type { FromWorker, ToWorker } from '../contract/index.ts'
import { Pauses } from './pauses.ts'
import { JobRunner } from './run-job.ts'
import type { JobContext, WorkerServices } from './worker-services.ts'

/**
 * Entry of a worker process: opens one compute backend, says `ready`, then runs one job at a time for the engine that
 * forked it. It ends with its parent.
 */
const isSource = import.meta.url.endsWith('.ts')
const loaderThreadUrl = new URL(
  isSource ? '../datasets/loader-thread.ts' : './loader-thread.js',
  import.meta.url,
)

const webgpuEntries = {
  deviceThread: new URL(
    isSource ? '../compute/webgpu/device-thread.ts' : './webgpu-thread.js',
    import.meta.url,
  ),
  probe: new URL(isSource ? '../compute/webgpu/probe.ts' : './webgpu-probe.js', import.meta.url),
}

// Whatever starts a worker, what it writes is for its owner alone.
process.umask(0o077)

const send = (message: FromWorker): void => {
  process.send?.(message)
}

const stopping = new Set<string>()
const pauses = new Pauses()
let chain: Promise<void> = Promise.resolve()

// Not `exit`: that waits for threads, and one may sit in a read that never returns. Nothing is lost, files appear by renaming.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGKILL')
})
// Ctrl+C, a closed terminal and a supervisor reach the whole process group; the engine decides how its workers end.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
  process.on(signal, () => undefined)
}

const wish = wishOf(process.env['SCALENAS_BACKEND'])
const backend = await chooseBackend(wish, webgpuEntries).catch(async (thrown: unknown) => {
  console.error(thrown instanceof Error ? thrown.message : String(thrown))
  if (thrown instanceof NoBackendError) {
    await sendLast({ kind: 'refused', refusals: thrown.refusals })
  }
  process.exit(3)
})
const services: WorkerServices = {
  backend,
  loaderThreadUrl,
  threads: Number(process.env['SCALENAS_THREADS'] ?? 1),
}
const runner = new JobRunner(services)

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'run-job':
      chain = chain.then(() => runOne(message))
      break
    case 'stop-job':
      stopping.add(message.jobId)
      // A paused job ends as well.
      pauses.end(message.jobId)
      break
    case 'pause-job':
      pauses.ask(message.jobId)
      break
    case 'resume-job':
      pauses.end(message.jobId)
      break
    case 'shut-down':
      process.kill(process.pid, 'SIGKILL')
      break
    default:
      message satisfies never
  }
})

send({
  kind: 'ready',
  backend: backend.kernels.name,
  backendVersion: backend.kernels.version,
  device: backend.kernels.device,
  refused: backend.refused,
  threads: services.threads,
  selfTested: SELF_TEST_CASES,
})

async function runOne({ jobId, job }: Extract<ToWorker, { kind: 'run-job' }>): Promise<void> {
  const context: JobContext = {
    emit: (event) => {
      send({ ...event, jobId })
    },
    log: (level, message) => {
      send({ kind: 'logged', jobId, level, message })
    },
    isStopping: () => stopping.has(jobId),
    whilePaused: () =>
      pauses.rest(jobId, () => {
        send({ kind: 'job-paused', jobId })
      }),
  }
  try {
    send({ kind: 'job-completed', jobId, result: await runner.run(job, context) })
  } catch (thrown) {
    send({ kind: 'job-failed', jobId, error: toErrorInfo(thrown) })
  }
  stopping.delete(jobId)
  pauses.end(jobId)
}

/** Resolves when the engine has it, or is gone. */
function sendLast(message: FromWorker): Promise<void> {
  return new Promise((sent) => {
    if (process.send === undefined) {
      sent()
    } else {
      process.send(message, () => {
        sent()
      })
    }
  })
}

function wishOf(text: string | undefined): BackendWish {
  return BACKENDS.find((name) => name === text) ?? 'auto'
}
