import { and, asc, between, eq, sql } from 'drizzle-orm'
import type { MetricPoint, PanelPoint } from '../contract/index.ts'
import type { StudioDatabase } from './open-database.ts'
import { metrics, panels } from './schema.ts'

/** A stretch of one curve: every point of an attempt and phase from one iteration to another, both included. */
export interface MetricRange {
  readonly phase: MetricPoint['phase']
  readonly attempt: number
  readonly from: number
  readonly to: number
}

export interface MetricQueries {
  insert(runId: string, points: readonly MetricPoint[]): void
  insertPanel(runId: string, point: PanelPoint): void
  range(runId: string, range: MetricRange): MetricPoint[]
  /** At most about `maxPoints` points, thinned evenly within each curve (attempt, phase, turn); the last of each stays. */
  sample(runId: string, sinceIteration: number, maxPoints: number): MetricPoint[]
  panels(runId: string, sinceIteration: number): PanelPoint[]
}

const columns = {
  phase: metrics.phase,
  attempt: metrics.attempt,
  iteration: metrics.iteration,
  epoch: metrics.epoch,
  turn: metrics.turn,
  loss: metrics.loss,
  taskLoss: metrics.taskLoss,
  distillationLoss: metrics.distillationLoss,
  learningRate: metrics.learningRate,
  imagesPerSecond: metrics.imagesPerSecond,
  loaderWait: metrics.loaderWait,
  residentBytes: metrics.residentBytes,
  backendBytes: metrics.backendBytes,
}

/** SQLite binds at most 32,766 values in one statement; a row has 14. */
const ROWS_PER_INSERT = 500

export function createMetricQueries(db: StudioDatabase): MetricQueries {
  return {
    insert(runId, points) {
      for (let start = 0; start < points.length; start += ROWS_PER_INSERT) {
        const rows = points.slice(start, start + ROWS_PER_INSERT).map((point) => ({ runId, ...point }))
        db.insert(metrics).values(rows).onConflictDoNothing().run()
      }
    },
    insertPanel(runId, point) {
      db.insert(panels)
        .values({ runId, ...point })
        .onConflictDoNothing()
        .run()
    },
    range: (runId, range) =>
      db
        .select(columns)
        .from(metrics)
        .where(
          and(
            eq(metrics.runId, runId),
            eq(metrics.phase, range.phase),
            eq(metrics.attempt, range.attempt),
            between(metrics.iteration, range.from, range.to),
          ),
        )
        .orderBy(asc(metrics.iteration))
        .all(),
    sample: (runId, sinceIteration, maxPoints) => sampleMetrics(db, runId, sinceIteration, maxPoints),
    panels: (runId, sinceIteration) =>
      db
        .select({
          phase: panels.phase,
          attempt: panels.attempt,
          iteration: panels.iteration,
          scores: panels.scores,
        })
        .from(panels)
        .where(and(eq(panels.runId, runId), sql`${panels.iteration} >= ${sinceIteration}`))
        .orderBy(asc(panels.phase), asc(panels.attempt), asc(panels.iteration))
        .all()
        .toSorted(byPhaseAttemptIteration),
  }
}

function sampleMetrics(
  db: StudioDatabase,
  runId: string,
  sinceIteration: number,
  maxPoints: number,
): MetricPoint[] {
  const isAsked = and(eq(metrics.runId, runId), sql`${metrics.iteration} >= ${sinceIteration}`)
  const total = db
    .select({ count: sql<number>`count(*)` })
    .from(metrics)
    .where(isAsked)
    .get()
  const stride = Math.max(1, Math.ceil((total?.count ?? 0) / maxPoints))
  const curve = sql`PARTITION BY ${metrics.phase}, ${metrics.attempt}, ${metrics.turn} ORDER BY ${metrics.iteration} DESC`
  const numbered = db
    .select({ ...columns, backwards: sql<number>`row_number() OVER (${curve})`.as('backwards') })
    .from(metrics)
    .where(isAsked)
    .as('numbered')
  return db
    .select({
      phase: numbered.phase,
      attempt: numbered.attempt,
      iteration: numbered.iteration,
      epoch: numbered.epoch,
      turn: numbered.turn,
      loss: numbered.loss,
      taskLoss: numbered.taskLoss,
      distillationLoss: numbered.distillationLoss,
      learningRate: numbered.learningRate,
      imagesPerSecond: numbered.imagesPerSecond,
      loaderWait: numbered.loaderWait,
      residentBytes: numbered.residentBytes,
      backendBytes: numbered.backendBytes,
    })
    .from(numbered)
    .where(sql`(${numbered.backwards} - 1) % ${stride} = 0`)
    .all()
    .toSorted(byPhaseAttemptIteration)
}

/** Teacher before super-network, attempts in order, then along the curve. */
function byPhaseAttemptIteration(
  a: Pick<MetricPoint, 'phase' | 'attempt' | 'iteration'>,
  b: Pick<MetricPoint, 'phase' | 'attempt' | 'iteration'>,
): number {
  const phase = Number(a.phase === 'supernet') - Number(b.phase === 'supernet')
  return phase || a.attempt - b.attempt || a.iteration - b.iteration
}
