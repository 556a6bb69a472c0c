import { and, asc, eq, isNull, max } from 'drizzle-orm'
import type { CheckpointProof, CheckpointRow } from '../contract/index.ts'
import type { StudioDatabase } from './open-database.ts'
import { checkpoints } from './schema.ts'

type Key = Pick<CheckpointRow, 'phase' | 'iteration'>

export interface CheckpointQueries {
  /** A checkpoint of the same iteration (written again after a resume) replaces the row. */
  insert(runId: string, checkpoint: CheckpointRow): void
  /** Those that were not found damaged or gone, oldest first. */
  list(runId: string): CheckpointRow[]
  /** What the files must be; lost ones too, so that what is trained again can be compared. */
  proofs(runId: string): CheckpointProof[]
  newestIteration(runId: string, phase: CheckpointRow['phase']): number
  /** Its files are damaged or gone. */
  markLost(runId: string, key: Key, at: number): void
}

export function createCheckpointQueries(db: StudioDatabase): CheckpointQueries {
  const ofRun = (runId: string) => and(eq(checkpoints.runId, runId), isNull(checkpoints.lostAt))
  const proofColumns = {
    phase: checkpoints.phase,
    iteration: checkpoints.iteration,
    weightsSha256: checkpoints.weightsSha256,
    optimizerSha256: checkpoints.optimizerSha256,
  }
  return {
    insert(runId, checkpoint) {
      db.insert(checkpoints)
        .values({ runId, ...checkpoint })
        .onConflictDoUpdate({
          target: [checkpoints.runId, checkpoints.phase, checkpoints.iteration],
          set: { ...checkpoint, lostAt: null },
        })
        .run()
    },
    list: (runId) =>
      db
        .select({
          ...proofColumns,
          bytes: checkpoints.bytes,
          createdAt: checkpoints.createdAt,
          file: checkpoints.file,
        })
        .from(checkpoints)
        .where(ofRun(runId))
        .orderBy(asc(checkpoints.createdAt), asc(checkpoints.iteration))
        .all(),
    proofs: (runId) => db.select(proofColumns).from(checkpoints).where(eq(checkpoints.runId, runId)).all(),
    newestIteration: (runId, phase) =>
      db
        .select({ iteration: max(checkpoints.iteration) })
        .from(checkpoints)
        .where(and(ofRun(runId), eq(checkpoints.phase, phase)))
        .get()?.iteration ?? 0,
    markLost(runId, { phase, iteration }, at) {
      db.update(checkpoints)
        .set({ lostAt: at })
        .where(
          and(
            eq(checkpoints.runId, runId),
            eq(checkpoints.phase, phase),
            eq(checkpoints.iteration, iteration),
          ),
        )
        .run()
    },
  }
}
