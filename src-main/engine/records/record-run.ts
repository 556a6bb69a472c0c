import { mkdirSync } from 'node:fs'
import type { z } from 'zod'
import { EngineError, toErrorInfo } from '../../contract/index.ts'
import type { CandidateRecord } from '../../store/candidate-queries.ts'
import type { RunRecord } from '../../store/run-queries.ts'
import type { Store } from '../../store/store.ts'
import { writeWhole } from '../../files/write-whole.ts'
import { listProblems } from '../configure/schema-problems.ts'
import type { EngineParts } from '../pipeline/run-context.ts'
import {
  RECORD_SCHEMA,
  resultsRecordFile,
  resultsRecordSchema,
  runRecordFile,
  runRecordSchema,
} from './records.ts'
import type { RecordedCandidate, ResultsRecordFile, RunRecordFile } from './records.ts'

const MOST_PROBLEMS = 5

/**
 * Writes what the database knows of a run beside its checkpoints, so that the run can be taken in again without that database:
 * `run.json`, and `results.json` once its search has ended. Never throws: the run goes on without them.
 */
export function recordRun({ store, hub, codeVersion }: EngineParts, runId: string): void {
  try {
    const run = store.runs.find(runId)
    if (run === null || run.imported !== null) {
      return
    }
    const folder = store.paths.runFolder(runId)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // The results first: a run record that says more than the results hold would be believed.
    const results = toResultsRecord(store, run)
    if (results !== null) {
      writeJson(resultsRecordFile(folder), resultsRecordSchema, results)
    }
    writeJson(runRecordFile(folder), runRecordSchema, toRunRecord(store, run, codeVersion))
  } catch (thrown) {
    hub.addLog(
      runId,
      'warn',
      `The record of this run beside its files could not be written: ${toErrorInfo(thrown).message}`,
    )
  }
}

function toRunRecord(store: Store, run: RunRecord, codeVersion: string): RunRecordFile {
  const { id, name, preset, config, overrides, createdAt, startedAt, colorIndex, pinned, attempt } = run
  return {
    ...{ schema: RECORD_SCHEMA, kind: 'run', codeVersion },
    ...{ id, name, preset, seed: config.seed, config, createdAt, startedAt, colorIndex, pinned, attempt },
    overrides: overrides as RunRecordFile['overrides'],
    ...plainOf({
      datasetName: run.datasetName,
      metricName: run.metricName,
      environment: run.environment,
      // Figures of the machine are large, and the machine keeps them.
      computePlan: run.computePlan === null ? null : { ...run.computePlan, calibration: null, loader: null },
      prepared: run.prepared,
      attempts: store.attempts.list(id),
      phases: store.phases.list(id),
    }),
  }
}

function toResultsRecord(store: Store, run: RunRecord): ResultsRecordFile | null {
  const isSearched = store.phases
    .list(run.id)
    .some(({ phase, completedAt }) => phase === 'search' && completedAt !== null)
  if (!isSearched) {
    return null
  }
  const records = store.candidates.records(run.id)
  const numbers = new Map(records.map(({ id, number }) => [id, number]))
  const pictures = toPictures(store, run.id, numbers)
  return {
    ...{ schema: RECORD_SCHEMA, kind: 'results', id: run.id },
    status: run.status === 'completed' ? 'completed' : 'searched',
    endedAt: run.status === 'completed' ? run.endedAt : null,
    generations: store.recorded.generations(run.id) as ResultsRecordFile['generations'],
    candidates: records.map(toCandidate),
    report: store.candidates
      .reportScores(run.id)
      .map(({ candidateId, genotypeId, metrics, protocol }) =>
        plainOf({ number: numbers.get(candidateId) ?? 0, genotypeId, metrics, protocol }),
      ),
    ...(pictures === null ? {} : { pictures }),
  }
}

/** A record that nobody can read as a whole helps nobody. */
const MOST_PICTURE_BYTES = 64 * 2 ** 20

/** @returns null where it is too much: scores come back then, without their intervals. */
function toPictures(
  store: Store,
  runId: string,
  numbers: ReadonlyMap<string, number>,
): NonNullable<ResultsRecordFile['pictures']> | null {
  const stored = store.pictureResults.listStored(runId)
  const bytes = stored.reduce((sum, { data }) => sum + data.length, 0)
  return bytes > MOST_PICTURE_BYTES
    ? null
    : stored.map(({ candidateId, split, data }) => ({
        ...{ number: numbers.get(candidateId) ?? 0, split },
        data: Buffer.from(data).toString('base64'),
      }))
}

/** Without what belongs to the life of one engine: a lease is as good as a row that waits. */
function toCandidate(record: CandidateRecord): RecordedCandidate {
  const { number, generation, state, genotypeId, genotypeKey, genotype, macs, params } = record
  const { accuracy, metrics, origin, attempt, failures, crashes, evaluationMs, protocol, error } = record
  return plainOf({
    ...{ number, generation, genotypeId, genotypeKey, genotype, macs, params, accuracy, metrics, origin },
    ...{ attempt, failures, crashes, evaluationMs, protocol, error },
    state: state === 'leased' ? ('proposed' as const) : state,
  })
}

type Plain<T> = T extends readonly (infer E)[]
  ? number extends T['length']
    ? Plain<E>[]
    : { -readonly [K in keyof T]: Plain<T[K]> }
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T

/** The same value; schemas infer types that may be written to, the contract's may not. */
function plainOf<T>(value: T): Plain<T> {
  return value as Plain<T>
}

/** A record that its own reader refuses is told now, not on the day when it is needed. */
function writeJson(file: string, schema: z.ZodType, value: object): void {
  const { error } = schema.safeParse(value)
  if (error !== undefined) {
    throw new EngineError('INTERNAL', listProblems(error).slice(0, MOST_PROBLEMS).join('; '))
  }
  writeWhole(file, JSON.stringify(value), 0o600)
}
