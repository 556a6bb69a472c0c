import { asc, desc, eq } from 'drizzle-orm'
import type { ReferenceScore } from '../contract/index.ts'
import type { StudioDatabase } from './open-database.ts'
import { referenceScores } from './schema.ts'

export interface ReferenceQueries {
  /** A score of the same reference and split is replaced. */
  insert(runId: string, score: ReferenceScore): void
  /** By name, the search split first. */
  list(runId: string): ReferenceScore[]
}

export function createReferenceQueries(db: StudioDatabase): ReferenceQueries {
  return {
    insert(runId, score) {
      db.insert(referenceScores)
        .values({ runId, ...score })
        .onConflictDoUpdate({
          target: [referenceScores.runId, referenceScores.name, referenceScores.split],
          set: score,
        })
        .run()
    },
    list: (runId) =>
      db
        .select({
          name: referenceScores.name,
          genotypeId: referenceScores.genotypeId,
          macs: referenceScores.macs,
          params: referenceScores.params,
          iterations: referenceScores.iterations,
          split: referenceScores.split,
          metrics: referenceScores.metrics,
          protocol: referenceScores.protocol,
        })
        .from(referenceScores)
        .where(eq(referenceScores.runId, runId))
        .orderBy(asc(referenceScores.name), desc(referenceScores.split))
        .all(),
  }
}
