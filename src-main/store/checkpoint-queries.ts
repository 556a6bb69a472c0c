import { and, asc, eq, inArray, max } from 'drizzle-orm'
import type { CheckpointRow } from '../contract/index.ts'
import type { StudioDatabase } from './open-database.ts'
import { checkpoints } from './schema.ts'

export interface CheckpointQueries {
  /** A checkpoint of the same iteration (written again after a resume) replaces the row. */
  insert(runId: string, checkpoint: CheckpointRow): void
  list(runId: string): CheckpointRow[]
  newestIteration(runId: string, phase: CheckpointRow['phase']): number
  /** Forgets rows whose files are gone. */
  deleteIterations(runId: string, phase: CheckpointRow['phase'], iterations: readonly number[]): void
}

export function createCheckpointQueries(db: StudioDatabase): CheckpointQueries {
  return {
    insert(runId, checkpoint) {
      db.insert(checkpoints)
        .values({ runId, ...checkpoint })
        .onConflictDoUpdate({
          target: [checkpoints.runId, checkpoints.phase, checkpoints.iteration],
          set: { bytes: checkpoint.bytes, createdAt: checkpoint.createdAt, file: checkpoint.file },
        })
        .run()
    },
    list: (runId) =>
      db
        .select({
          phase: checkpoints.phase,
          iteration: checkpoints.iteration,
          bytes: checkpoints.bytes,
          createdAt: checkpoints.createdAt,
          file: checkpoints.file,
        })
        .from(checkpoints)
        .where(eq(checkpoints.runId, runId))
        .orderBy(asc(checkpoints.createdAt), asc(checkpoints.iteration))
        .all(),
    newestIteration: (runId, phase) =>
      db
        .select({ iteration: max(checkpoints.iteration) })
        .from(checkpoints)
        .where(and(eq(checkpoints.runId, runId), eq(checkpoints.phase, phase)))
        .get()?.iteration ?? 0,
    deleteIterations(runId, phase, iterations) {
      db.delete(checkpoints)
        .where(
          and(
            eq(checkpoints.runId, runId),
            eq(checkpoints.phase, phase),
            inArray(checkpoints.iteration, [...iterations]),
          ),
        )
        .run()
    },
  }
}
