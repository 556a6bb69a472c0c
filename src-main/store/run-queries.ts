import { desc, eq, inArray, sql } from 'drizzle-orm'
import type { ErrorInfo, Protocol, RunConfig, RunPhase, RunStatus, RunSummary } from '../contract/index.ts'
import { damagedInfo, damagedRow, IS_WHOLE } from './damaged-row.ts'
import type { StudioDatabase } from './open-database.ts'
import { candidates, runs } from './schema.ts'

export type RunRecord = typeof runs.$inferSelect

export interface NewRun {
  readonly id: string
  readonly name: string
  readonly config: RunConfig
  /** Dotted path → value that was set over the preset. */
  readonly overrides?: Readonly<Record<string, unknown>>
  readonly createdAt: number
  readonly datasetName: string
  readonly metricName: string
}

export type RunPatch = Partial<Omit<RunRecord, 'id' | 'config' | 'overrides' | 'createdAt'>>

export interface RunQueries {
  /** False when a run of that id is there already; then nothing is written. */
  insert(run: NewRun): boolean
  /** @throws EngineError STORAGE for a row that is damaged. */
  find(id: string): RunRecord | null
  /** Of a damaged row the error says so. */
  summary(id: string): RunSummary | null
  /** Newest first; damaged rows keep none of the others back. */
  summaries(): RunSummary[]
  ids(): string[]
  idsByStatus(statuses: readonly RunStatus[]): string[]
  update(id: string, patch: RunPatch): void
  /** Deletes up to `limit` rows of curves and events; false when none is left, so that a long run goes in short steps. */
  deleteSome(id: string, limit: number): boolean
  /** With everything that belongs to it. */
  delete(id: string): void
}

const PALETTE_SIZE = 8

export function createRunQueries(db: StudioDatabase): RunQueries {
  const list = (): ReturnType<typeof selectSummaries> => selectSummaries(db)
  return {
    insert(run) {
      const row = {
        id: run.id,
        name: run.name,
        preset: run.config.preset,
        task: run.config.task,
        status: 'queued' as const,
        colorIndex: nextColorIndex(db),
        createdAt: run.createdAt,
        datasetName: run.datasetName,
        metricName: run.metricName,
        config: run.config,
        overrides: run.overrides ?? {},
      }
      return db.insert(runs).values(row).onConflictDoNothing().run().changes > 0
    },
    find: (id) => findRun(db, id),
    summary(id) {
      const row = list().where(eq(runs.id, id)).get()
      return row === undefined ? null : row
    },
    summaries: () => list().orderBy(desc(runs.createdAt), desc(runs.id)).all(),
    ids: () =>
      db
        .select({ id: runs.id })
        .from(runs)
        .orderBy(runs.createdAt, runs.id)
        .all()
        .map((row) => row.id),
    idsByStatus: (statuses) =>
      db
        .select({ id: runs.id })
        .from(runs)
        .where(inArray(runs.status, [...statuses]))
        .orderBy(runs.createdAt, runs.id)
        .all()
        .map((row) => row.id),
    update(id, patch) {
      db.update(runs).set(patch).where(eq(runs.id, id)).run()
    },
    deleteSome(id, limit) {
      const somePoints = sql`DELETE FROM metrics WHERE (run_id, phase, attempt, iteration) IN
        (SELECT run_id, phase, attempt, iteration FROM metrics WHERE run_id = ${id} LIMIT ${limit})`
      const someEvents = sql`DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE run_id = ${id} LIMIT ${limit})`
      return db.run(somePoints).changes + db.run(someEvents).changes > 0
    },
    delete(id) {
      db.delete(runs).where(eq(runs.id, id)).run()
    },
  }
}

function findRun(db: StudioDatabase, id: string): RunRecord | null {
  const state = db.select({ isWhole: IS_WHOLE }).from(runs).where(eq(runs.id, id)).get()
  if (state?.isWhole === 0) {
    throw damagedRow(id)
  }
  return db.select().from(runs).where(eq(runs.id, id)).get() ?? null
}

/** The order of phases is that of RUN_PHASES; the summary needs no row of another table but what the ledger says of its candidates. */
function selectSummaries(db: StudioDatabase) {
  return db
    .select({
      id: runs.id,
      name: runs.name,
      preset: runs.preset,
      task: runs.task,
      status: runs.status,
      phase: sql<RunPhase | null>`${runs.phase}`,
      progress: runs.progress,
      secondsLeft: runs.secondsLeft,
      colorIndex: runs.colorIndex,
      pinned: runs.pinned,
      attempt: runs.attempt,
      createdAt: runs.createdAt,
      startedAt: runs.startedAt,
      endedAt: runs.endedAt,
      datasetName: runs.datasetName,
      metricName: runs.metricName,
      // Written out: drizzle leaves the table off a column in a query of one table, and "id" would mean the candidate's own.
      bestAccuracy: sql<
        number | null
      >`(SELECT max(c.accuracy) FROM ${candidates} AS c WHERE c.run_id = ${runs}.id)`,
      protocol:
        sql<Protocol | null>`(SELECT CASE WHEN json_valid(c.protocol) THEN c.protocol END FROM ${candidates} AS c
        WHERE c.run_id = ${runs}.id AND c.accuracy IS NOT NULL LIMIT 1)`.mapWith(
          (text: string) => JSON.parse(text) as Protocol,
        ),
      candidates: sql<number>`(SELECT count(*) FROM ${candidates} AS c WHERE c.run_id = ${runs}.id)`,
      error:
        sql<ErrorInfo | null>`CASE WHEN ${IS_WHOLE} THEN ${runs}.error ELSE ${damagedInfo()} END`.mapWith(
          (text: string) => JSON.parse(text) as ErrorInfo,
        ),
    })
    .from(runs)
    .$dynamic()
}

/** The colour that the fewest runs have, lowest index first, so that neighbours in a list differ. */
function nextColorIndex(db: StudioDatabase): number {
  const used = new Array<number>(PALETTE_SIZE).fill(0)
  const counted = db
    .select({ colorIndex: runs.colorIndex, count: sql<number>`count(*)` })
    .from(runs)
    .groupBy(runs.colorIndex)
    .all()
  for (const { colorIndex, count } of counted) {
    used[colorIndex] = count
  }
  return used.indexOf(Math.min(...used))
}
