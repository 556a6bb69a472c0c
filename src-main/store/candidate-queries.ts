import { and, asc, count, eq, inArray, isNotNull, max, sql } from 'drizzle-orm'
import type {
  CandidateDetails,
  CandidateOrigin,
  CandidateRow,
  CandidateState,
  ErrorInfo,
  GenerationRow,
  GenotypeJson,
  Protocol,
  ReportScore,
} from '../contract/index.ts'
import type { StudioDatabase } from './open-database.ts'
import { candidates, generations, reportScores } from './schema.ts'

export type CandidateRecord = typeof candidates.$inferSelect

export interface NewCandidate {
  readonly number: number
  readonly genotypeId: string
  readonly genotypeKey: string
  readonly genotype: GenotypeJson
  readonly macs: number
  readonly params: number
  readonly origin: CandidateOrigin
}

/** A candidate that another program scored. */
export interface ImportedCandidateRow extends NewCandidate {
  readonly accuracy: number
  readonly protocol: Protocol
}

export interface Evaluation {
  readonly accuracy: number
  readonly metrics: Readonly<Record<string, number>>
  readonly protocol: Protocol
  readonly milliseconds: number
}

export interface LeaseRequest {
  readonly runId: string
  readonly generation: number
  readonly limit: number
  /** Only these rows; default: the first ones by number. */
  readonly ids?: readonly string[]
  readonly leaseId: string
  readonly expiresAt: number
}

export interface CandidateQueries {
  /** Writes a generation with its rows and the random state after drawing them; the caller wraps it in a transaction. */
  insertGeneration(
    runId: string,
    generation: number,
    randomState: unknown,
    rows: readonly NewCandidate[],
  ): void
  /** Generation 0 of an imported run, scored already; the caller wraps it in a transaction. */
  insertImported(runId: string, rows: readonly ImportedCandidateRow[]): void
  /** Takes the next proposed rows in order of number. */
  lease(request: LeaseRequest): CandidateRecord[]
  /** False when the row is not held under that lease (it was returned in the meantime). */
  recordEvaluation(id: string, leaseId: string, evaluation: Evaluation): boolean
  recordFailure(id: string, leaseId: string, error: ErrorInfo): boolean
  /** The lease is lost without a verdict; `inHand` are the rows that a worker died with. */
  returnLease(
    leaseId: string,
    inHand: readonly string[],
    crashLimit: number,
    error: ErrorInfo | null,
  ): string[]
  returnAllLeases(runId: string): void
  closeGeneration(
    runId: string,
    generation: number,
    hypervolume: number | null,
    bestAccuracy: number | null,
  ): void
  newestGeneration(runId: string): typeof generations.$inferSelect | null
  generations(runId: string): GenerationRow[]
  countByState(runId: string): Readonly<Record<CandidateState, number>>
  records(runId: string): CandidateRecord[]
  /** What can be leased of a generation, in order of number. */
  proposed(runId: string, generation: number): CandidateRecord[]
  /** Mean milliseconds of an evaluation so far; null before the first. */
  meanEvaluationMs(runId: string): number | null
  /** The protocol of the first scored row; all rows of a run have the same. */
  firstProtocol(runId: string): Protocol | null
  rows(runId: string): CandidateRow[]
  rowsByNumber(runId: string, numbers: readonly number[]): CandidateRow[]
  details(id: string): CandidateDetails | null
  findByGenotype(genotypeId: string): CandidateDetails[]
  insertReportScore(runId: string, score: ReportScore): void
  reportScores(runId: string): ReportScore[]
}

const rowColumns = {
  id: candidates.id,
  runId: candidates.runId,
  number: candidates.number,
  generation: candidates.generation,
  state: candidates.state,
  genotypeId: candidates.genotypeId,
  macs: candidates.macs,
  params: candidates.params,
  accuracy: candidates.accuracy,
  metrics: candidates.metrics,
  origin: candidates.origin,
  attempt: candidates.attempt,
  evaluationMs: candidates.evaluationMs,
  protocol: candidates.protocol,
  error: candidates.error,
}

/** After so many reported failures a row is final, and its generation closes without it (method.md 7.7). */
export const FAILURE_LIMIT = 3

export function createCandidateQueries(db: StudioDatabase): CandidateQueries {
  return {
    ...createLedgerWrites(db),
    ...createLedgerReads(db),
    insertReportScore(runId, { candidateId, genotypeId, metrics, protocol }) {
      db.insert(reportScores)
        .values({ runId, candidateId, genotypeId, metrics, protocol })
        .onConflictDoUpdate({
          target: [reportScores.runId, reportScores.candidateId],
          set: { metrics, protocol },
        })
        .run()
    },
    reportScores: (runId) =>
      db
        .select({
          candidateId: reportScores.candidateId,
          genotypeId: reportScores.genotypeId,
          split: sql<'report'>`'report'`,
          metrics: reportScores.metrics,
          protocol: reportScores.protocol,
        })
        .from(reportScores)
        .where(eq(reportScores.runId, runId))
        .all(),
  }
}

type LedgerWrites = Pick<
  CandidateQueries,
  | 'insertGeneration'
  | 'insertImported'
  | 'lease'
  | 'recordEvaluation'
  | 'recordFailure'
  | 'returnLease'
  | 'returnAllLeases'
  | 'closeGeneration'
>

function createLedgerWrites(db: StudioDatabase): LedgerWrites {
  const isHeld = (id: string, leaseId: string) => and(eq(candidates.id, id), eq(candidates.leaseId, leaseId))
  return {
    insertGeneration(runId, generation, randomState, rows) {
      db.insert(generations).values({ runId, generation, randomState }).run()
      for (const row of rows) {
        const id = `${runId}:${row.number}`
        db.insert(candidates)
          .values({ ...row, id, runId, generation, state: 'proposed', metrics: {} })
          .run()
      }
    },
    insertImported: (runId, rows) => insertImported(db, runId, rows),
    lease: (request) => leaseRows(db, request),
    recordEvaluation: (id, leaseId, { accuracy, metrics, protocol, milliseconds }) =>
      db
        .update(candidates)
        .set({
          state: 'evaluated',
          accuracy,
          metrics,
          protocol,
          evaluationMs: milliseconds,
          error: null,
          leaseId: null,
          leaseExpiresAt: null,
        })
        .where(isHeld(id, leaseId))
        .run().changes > 0,
    recordFailure: (id, leaseId, error) =>
      db
        .update(candidates)
        .set({
          state: sql`CASE WHEN ${candidates.failures} + 1 >= ${FAILURE_LIMIT} THEN 'failed' ELSE 'proposed' END`,
          failures: sql`${candidates.failures} + 1`,
          error,
          leaseId: null,
          leaseExpiresAt: null,
        })
        .where(isHeld(id, leaseId))
        .run().changes > 0,
    returnLease: (leaseId, inHand, crashLimit, error) => returnLease(db, leaseId, inHand, crashLimit, error),
    returnAllLeases(runId) {
      db.update(candidates)
        .set({ state: 'proposed', leaseId: null, leaseExpiresAt: null })
        .where(and(eq(candidates.runId, runId), eq(candidates.state, 'leased')))
        .run()
    },
    closeGeneration(runId, generation, hypervolume, bestAccuracy) {
      db.update(generations)
        .set({ closed: true, hypervolume, bestAccuracy })
        .where(and(eq(generations.runId, runId), eq(generations.generation, generation)))
        .run()
    },
  }
}

function insertImported(db: StudioDatabase, runId: string, rows: readonly ImportedCandidateRow[]): void {
  // The column may not be null; nothing was drawn, so nothing can go on from here.
  db.insert(generations).values({ runId, generation: 0, randomState: {} }).run()
  for (const row of rows) {
    const id = `${runId}:${row.number}`
    const metrics = { accuracy: row.accuracy }
    db.insert(candidates)
      .values({ ...row, id, runId, generation: 0, state: 'evaluated', metrics })
      .run()
  }
}

function leaseRows(db: StudioDatabase, request: LeaseRequest): CandidateRecord[] {
  const ids = db
    .select({ id: candidates.id })
    .from(candidates)
    .where(
      and(
        eq(candidates.runId, request.runId),
        eq(candidates.generation, request.generation),
        eq(candidates.state, 'proposed'),
        ...(request.ids === undefined ? [] : [inArray(candidates.id, [...request.ids])]),
      ),
    )
    .orderBy(asc(candidates.number))
    .limit(request.limit)
    .all()
    .map((row) => row.id)
  if (ids.length === 0) {
    return []
  }
  return db
    .update(candidates)
    .set({
      state: 'leased',
      leaseId: request.leaseId,
      leaseExpiresAt: request.expiresAt,
      attempt: sql`${candidates.attempt} + 1`,
    })
    .where(inArray(candidates.id, ids))
    .returning()
    .all()
    .toSorted((a, b) => a.number - b.number)
}

function returnLease(
  db: StudioDatabase,
  leaseId: string,
  inHand: readonly string[],
  crashLimit: number,
  error: ErrorInfo | null,
): string[] {
  if (inHand.length > 0) {
    db.update(candidates)
      .set({
        state: sql`CASE WHEN ${candidates.crashes} + 1 >= ${crashLimit} THEN 'failed' ELSE 'proposed' END`,
        crashes: sql`${candidates.crashes} + 1`,
        error,
        leaseId: null,
        leaseExpiresAt: null,
      })
      .where(and(inArray(candidates.id, [...inHand]), eq(candidates.leaseId, leaseId)))
      .run()
  }
  return db
    .update(candidates)
    .set({ state: 'proposed', leaseId: null, leaseExpiresAt: null })
    .where(eq(candidates.leaseId, leaseId))
    .returning({ id: candidates.id })
    .all()
    .map((row) => row.id)
}

type LedgerReads = Pick<
  CandidateQueries,
  | 'newestGeneration'
  | 'generations'
  | 'countByState'
  | 'records'
  | 'proposed'
  | 'meanEvaluationMs'
  | 'firstProtocol'
  | 'rows'
  | 'rowsByNumber'
  | 'details'
  | 'findByGenotype'
>

function createLedgerReads(db: StudioDatabase): LedgerReads {
  const ofRun = (runId: string) => eq(candidates.runId, runId)
  const details = () => db.select({ ...rowColumns, genotype: candidates.genotype }).from(candidates)
  return {
    newestGeneration(runId) {
      const newest = db
        .select({ generation: max(generations.generation) })
        .from(generations)
        .where(eq(generations.runId, runId))
      return (
        db
          .select()
          .from(generations)
          .where(and(eq(generations.runId, runId), eq(generations.generation, newest)))
          .get() ?? null
      )
    },
    generations: (runId) => listGenerations(db, runId),
    countByState(runId) {
      const counts = { proposed: 0, leased: 0, evaluated: 0, failed: 0 }
      const counted = db
        .select({ state: candidates.state, count: count() })
        .from(candidates)
        .where(ofRun(runId))
        .groupBy(candidates.state)
        .all()
      for (const row of counted) {
        counts[row.state] = row.count
      }
      return counts
    },
    records: (runId) =>
      db.select().from(candidates).where(ofRun(runId)).orderBy(asc(candidates.number)).all(),
    ...createLeaseReads(db),
    firstProtocol: (runId) =>
      db
        .select({ protocol: candidates.protocol })
        .from(candidates)
        .where(and(ofRun(runId), isNotNull(candidates.accuracy)))
        .limit(1)
        .get()?.protocol ?? null,
    rows: (runId) =>
      db.select(rowColumns).from(candidates).where(ofRun(runId)).orderBy(asc(candidates.number)).all(),
    rowsByNumber: (runId, numbers) =>
      db
        .select(rowColumns)
        .from(candidates)
        .where(and(ofRun(runId), inArray(candidates.number, [...numbers])))
        .orderBy(asc(candidates.number))
        .all(),
    details: (id) => details().where(eq(candidates.id, id)).get() ?? null,
    findByGenotype: (genotypeId) =>
      details().where(eq(candidates.genotypeId, genotypeId)).orderBy(asc(candidates.runId)).all(),
  }
}

function createLeaseReads(db: StudioDatabase): Pick<CandidateQueries, 'proposed' | 'meanEvaluationMs'> {
  const ofRun = (runId: string) => eq(candidates.runId, runId)
  return {
    proposed: (runId, generation) =>
      db
        .select()
        .from(candidates)
        .where(and(ofRun(runId), eq(candidates.generation, generation), eq(candidates.state, 'proposed')))
        .orderBy(asc(candidates.number))
        .all(),
    meanEvaluationMs: (runId) =>
      db
        .select({ mean: sql<number | null>`avg(${candidates.evaluationMs})` })
        .from(candidates)
        .where(and(ofRun(runId), isNotNull(candidates.accuracy)))
        .get()?.mean ?? null,
  }
}

function listGenerations(db: StudioDatabase, runId: string): GenerationRow[] {
  const isState = (state: CandidateState) => sql<number>`coalesce(sum(${candidates.state} = ${state}), 0)`
  return db
    .select({
      generation: generations.generation,
      proposed: count(candidates.id),
      evaluated: isState('evaluated'),
      failed: isState('failed'),
      closed: generations.closed,
      hypervolume: generations.hypervolume,
      bestAccuracy: generations.bestAccuracy,
    })
    .from(generations)
    .leftJoin(
      candidates,
      and(eq(candidates.runId, generations.runId), eq(candidates.generation, generations.generation)),
    )
    .where(eq(generations.runId, runId))
    .groupBy(generations.generation)
    .orderBy(asc(generations.generation))
    .all()
}
