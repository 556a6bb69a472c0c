import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import type { RunAttempt, RunPhase } from '../contract/index.ts'
import type { StudioDatabase } from './open-database.ts'
import { attempts, phases } from './schema.ts'

export interface AttemptQueries {
  insert(runId: string, attempt: RunAttempt): void
  /** Closes the attempt that is open; a run without one is left as it is. */
  finish(
    runId: string,
    outcome: NonNullable<RunAttempt['outcome']>,
    reason: string | null,
    endedAt: number,
  ): void
  list(runId: string): RunAttempt[]
}

export function createAttemptQueries(db: StudioDatabase): AttemptQueries {
  return {
    insert(runId, attempt) {
      db.insert(attempts)
        .values({ runId, ...attempt })
        .run()
    },
    finish(runId, outcome, reason, endedAt) {
      db.update(attempts)
        .set({ outcome, reason, endedAt })
        .where(and(eq(attempts.runId, runId), isNull(attempts.endedAt)))
        .run()
    },
    list: (runId) =>
      db
        .select({
          attempt: attempts.attempt,
          startedAt: attempts.startedAt,
          endedAt: attempts.endedAt,
          outcome: attempts.outcome,
          reason: attempts.reason,
          fromPhase: attempts.fromPhase,
          fromIteration: attempts.fromIteration,
        })
        .from(attempts)
        .where(eq(attempts.runId, runId))
        .orderBy(asc(attempts.attempt))
        .all(),
  }
}

export interface PhaseRow {
  readonly phase: RunPhase
  /** Wall seconds of all attempts together. */
  readonly seconds: number
  readonly completedAt: number | null
}

export interface PhaseQueries {
  list(runId: string): PhaseRow[]
  addSeconds(runId: string, phase: RunPhase, seconds: number): void
  complete(runId: string, phase: RunPhase, completedAt: number): void
  /** What it left is lost: the next attempt does it again. */
  reopen(runId: string, phase: RunPhase): void
}

export function createPhaseQueries(db: StudioDatabase): PhaseQueries {
  return {
    list: (runId) =>
      db
        .select({ phase: phases.phase, seconds: phases.seconds, completedAt: phases.completedAt })
        .from(phases)
        .where(eq(phases.runId, runId))
        .all(),
    addSeconds(runId, phase, seconds) {
      db.insert(phases)
        .values({ runId, phase, seconds })
        .onConflictDoUpdate({
          target: [phases.runId, phases.phase],
          set: { seconds: sql`${phases.seconds} + ${seconds}` },
        })
        .run()
    },
    reopen(runId, phase) {
      db.update(phases)
        .set({ completedAt: null })
        .where(and(eq(phases.runId, runId), eq(phases.phase, phase)))
        .run()
    },
    complete(runId, phase, completedAt) {
      db.insert(phases)
        .values({ runId, phase, completedAt })
        .onConflictDoUpdate({ target: [phases.runId, phases.phase], set: { completedAt } })
        .run()
    },
  }
}
