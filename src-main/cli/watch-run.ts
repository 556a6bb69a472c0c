import type { RunStatus } from '../contract/index.ts'
import type { EngineServices } from '../engine/services/engine-services.ts'
import { EXIT, exitCodeOf } from './command-line.ts'
import type { CommandContext } from './command-line.ts'
import { createProgressLine } from './progress-line.ts'
import { describeResult, readResult } from './run-result.ts'
import { createLookout, FINAL } from './run-lookout.ts'

const POLL_MS = 2000

export interface WatchOptions {
  readonly runId: string
  /** Events after this one; null for a resumed run, which has old endings behind it: only what happens from now on. */
  readonly afterSeq: number | null
  readonly isJson: boolean
}

/**
 * Shows a run until it ends, then prints its result. Ctrl+C stops it after a checkpoint.
 * @returns the exit code.
 */
export async function watchRun(
  services: EngineServices,
  { runId, afterSeq, isJson }: WatchOptions,
  { terminal, interrupted }: CommandContext,
): Promise<number> {
  const line = createProgressLine(terminal)
  const ended = new AbortController()
  const stop = (): void => {
    line.note('stopping after a checkpoint (Ctrl+C again ends at once) …')
    // A run that ends by itself in this moment cannot be stopped any more; its own ending is reported below.
    services.runs.stop(runId).catch(() => undefined)
  }
  interrupted.addEventListener('abort', stop)
  if (interrupted.aborted) {
    stop()
  }
  const lookout = createLookout(services, runId, {
    say: (text) => {
      line.note(text)
    },
    hasBeenStopped: () => interrupted.aborted,
    end: () => {
      ended.abort()
    },
  })
  const poll = setInterval(() => {
    void lookout.look()
  }, POLL_MS)
  try {
    for await (const event of services.runs.events({ runId, afterSeq, signal: ended.signal })) {
      if (event.kind === 'progressed') {
        line.show(event.summary, event.note)
      } else if (event.kind === 'logged' && event.level !== 'debug') {
        line.note(`${event.level}: ${event.message}`)
      } else if (event.kind === 'status-changed' && FINAL.includes(event.status)) {
        break
      }
    }
  } finally {
    clearInterval(poll)
    ended.abort()
    interrupted.removeEventListener('abort', stop)
    line.end()
  }
  lookout.requireAnswers()
  const result = await readResult(services, runId)
  const { metricName } = await services.runs.get(runId)
  terminal.out(isJson ? JSON.stringify(result, null, 2) : describeResult(result, metricName))
  if (result.error !== null) {
    terminal.err([result.error.message, ...result.error.details].join('\n  '))
  }
  return exitCode(result, interrupted.aborted)
}

function exitCode(
  { status, error }: { readonly status: RunStatus; readonly error: Parameters<typeof exitCodeOf>[0] | null },
  isInterrupted: boolean,
): number {
  if (status === 'completed') {
    return EXIT.done
  }
  if (isInterrupted) {
    return EXIT.interrupted
  }
  return error === null ? EXIT.failed : exitCodeOf(error)
}
