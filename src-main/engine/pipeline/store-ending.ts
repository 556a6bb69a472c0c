import { setTimeout as sleep } from 'node:timers/promises'
import { toErrorInfo } from '../../contract/index.ts'
import type { EngineError } from '../../contract/index.ts'
import { canHeal } from '../../store/storage-error.ts'
import type { EngineParts } from './run-context.ts'
import type { Ending } from './run-state.ts'

/** Why a run ends, and what that makes of it. */
export interface StopReason {
  readonly error: EngineError
  readonly ending: Ending
}

export interface EndingOptions {
  /** Called when the database refuses for want of space, and with false once it is stored or given up. */
  readonly onWait: (isWaiting: boolean) => void
  /** Aborts when the engine ends: nobody may wait much longer then. */
  readonly closing: AbortSignal
}

/** A database on a full disk takes the ending once there is space again. */
const ENDING_RETRY_MS = 1000

/**
 * Writes how a run ended. On a full disk it waits for space, until the engine closes; what cannot heal is given up at once. A run
 * whose ending is not stored shows as running, until the next engine on this folder finds it interrupted.
 */
export async function storeEnding(
  parts: EngineParts,
  runId: string,
  reason: StopReason,
  { onWait, closing }: EndingOptions,
): Promise<void> {
  parts.hub.addLog(runId, reason.ending.status === 'stopped' ? 'info' : 'error', reason.error.message)
  for (let isWaiting = false; ; isWaiting = true) {
    try {
      writeEnding(parts, runId, reason)
      break
    } catch (thrown) {
      const mayHeal = canHeal(thrown)
      if (!isWaiting || !mayHeal) {
        process.stderr.write(`run ${runId}: its ending cannot be stored: ${String(thrown)}\n`)
      }
      if (!mayHeal || closing.aborted) {
        break
      }
      onWait(true)
      // Woken by the end of the engine for one last try.
      await sleep(ENDING_RETRY_MS, undefined, { signal: closing }).catch(() => undefined)
    }
  }
  onWait(false)
}

function writeEnding({ store, hub, now }: EngineParts, runId: string, { error, ending }: StopReason): void {
  const isOnRequest = ending.status === 'stopped'
  // Progress that still waits would write its seconds left over the ending.
  hub.flush(runId)
  store.transaction(() => {
    store.runs.update(runId, {
      status: ending.status,
      secondsLeft: null,
      endedAt: now(),
      error: isOnRequest ? null : toErrorInfo(error),
    })
    store.attempts.finish(runId, ending.outcome, error.message, now())
    store.candidates.returnAllLeases(runId)
  })
  hub.publishStatus(runId)
}
