import { asc, eq } from 'drizzle-orm'
import type { CandidateRecord } from './candidate-queries.ts'
import type { StudioDatabase } from './open-database.ts'
import type { RunRecord } from './run-queries.ts'
import { candidates, generations, runs } from './schema.ts'

export type GenerationRecord = Omit<typeof generations.$inferSelect, 'runId'>

/** A candidate as it was in another database; leases end with the engine that gave them. */
export type RecordedCandidateRow = Omit<CandidateRecord, 'id' | 'runId' | 'leaseId' | 'leaseExpiresAt'>

/** Rows as they were in a database that is gone. The caller wraps them in a transaction. */
export interface RecordedQueries {
  /** With their random states, in order. */
  generations(runId: string): GenerationRecord[]
  insertRun(run: RunRecord): void
  insertSearch(
    runId: string,
    recorded: readonly GenerationRecord[],
    rows: readonly RecordedCandidateRow[],
  ): void
}

export function createRecordedQueries(db: StudioDatabase): RecordedQueries {
  return {
    generations: (runId) =>
      db
        .select({
          generation: generations.generation,
          randomState: generations.randomState,
          closed: generations.closed,
          hypervolume: generations.hypervolume,
          bestAccuracy: generations.bestAccuracy,
        })
        .from(generations)
        .where(eq(generations.runId, runId))
        .orderBy(asc(generations.generation))
        .all(),
    insertRun(run) {
      db.insert(runs).values(run).run()
    },
    insertSearch(runId, recorded, rows) {
      for (const generation of recorded) {
        db.insert(generations)
          .values({ runId, ...generation })
          .run()
      }
      for (const row of rows) {
        db.insert(candidates)
          .values({ ...row, id: `${runId}:${row.number}`, runId })
          .run()
      }
    },
  }
}
