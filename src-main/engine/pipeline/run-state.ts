import { EngineError } from '../../contract/index.ts'
import type { ErrorCode, RunAttempt, RunStatus } from '../../contract/index.ts'

/** Every status has a way on (architecture 4); `paused` is kept for a later command. */
const TRANSITIONS: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  queued: ['running', 'stopped'],
  running: ['paused', 'completed', 'failed', 'stopped', 'interrupted'],
  paused: ['running', 'stopped', 'interrupted'],
  // Only where its super-network is lost: the service asks that first.
  completed: ['queued'],
  failed: ['queued'],
  stopped: ['queued'],
  interrupted: ['queued'],
}

/** @throws EngineError CONFLICT that says what the run is and from where this would be possible. */
export function assertTransition(runId: string, from: RunStatus, to: RunStatus): void {
  if (!TRANSITIONS[from].includes(to)) {
    const allowed = Object.entries(TRANSITIONS)
      .filter(([, targets]) => targets.includes(to))
      .map(([status]) => status)
    throw new EngineError(
      'CONFLICT',
      `Run ${runId} is ${from}; only a run that is ${allowed.join(' or ')} can become ${to}.`,
    )
  }
}

export interface Ending {
  readonly status: Extract<RunStatus, 'failed' | 'stopped' | 'interrupted'>
  readonly outcome: Extract<NonNullable<RunAttempt['outcome']>, 'failed' | 'stopped' | 'crashed'>
}

/**
 * What an error makes of a run: what failed around it (a process, memory, the disk) leaves it interrupted, so that a resume is the
 * next step; what failed in it (loss, data, configuration) leaves it failed.
 */
export function endingOf(code: ErrorCode): Ending {
  switch (code) {
    case 'STOPPED':
      return { status: 'stopped', outcome: 'stopped' }
    case 'WORKER_DIED':
    case 'OUT_OF_MEMORY':
    case 'STORAGE':
    case 'CHECKPOINT':
    case 'MISSING_PART':
      return { status: 'interrupted', outcome: 'crashed' }
    case 'BAD_REQUEST':
    case 'NOT_FOUND':
    case 'CONFLICT':
    case 'DATASET':
    case 'NUMERIC':
    case 'UNAUTHORIZED':
    case 'INTERNAL':
      return { status: 'failed', outcome: 'failed' }
    default: {
      const unknown: never = code
      throw new TypeError(`unknown error code ${String(unknown)}`)
    }
  }
}
