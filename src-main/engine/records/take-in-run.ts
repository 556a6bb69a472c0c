import { EngineError, RUN_PHASES, toErrorInfo } from '../../contract/index.ts'
import type { CheckpointRow, RunPhase } from '../../contract/index.ts'
import type { RunRecord } from '../../store/run-queries.ts'
import type { Store } from '../../store/store.ts'
import { countOutputs, requireSetup } from '../configure/search-setup.ts'
import { checkResults } from './check-results.ts'
import { listCheckpointFiles } from './checkpoint-rows.ts'
import { readResultsRecord, readRunRecord } from './read-records.ts'
import type { ResultsRecordFile, RunRecordFile } from './records.ts'

const LOST_DATABASE = new EngineError(
  'STORAGE',
  'The database that knew this run was lost; it was taken in from its folder. Everything up to the last checkpoint is there.',
)

export type TakenIn = 'completed' | 'interrupted'

/**
 * Makes the rows of a run from the records in its folder. One whose report had ended is as it was; any other is interrupted, and a
 * resume goes on from its newest checkpoint.
 * @throws EngineError BAD_REQUEST or NOT_FOUND for records that cannot be used, CONFLICT for a run that is there already.
 */
export function takeInRun(store: Store, runId: string, now: () => number): TakenIn {
  const folder = store.paths.runFolder(runId)
  const record = readRunRecord(folder)
  const results = readResultsRecord(folder)
  requireSameId(runId, record, results)
  const setup = requireSetup(record.config, countOutputs(record.config, record.prepared?.dataset ?? null))
  if (results !== null) {
    checkResults(results, record, setup)
  }
  const checkpoints = listCheckpointFiles(folder)
  const isCompleted = results?.status === 'completed'
  const phases = isCompleted ? record.phases : believablePhases(record, results !== null, checkpoints)
  store.transaction(() => {
    if (store.runs.find(runId) !== null) {
      throw new EngineError(
        'CONFLICT',
        `Run ${runId} is in the database already; nothing is written over it.`,
      )
    }
    store.recorded.insertRun(toRow(record, results, isCompleted ? null : now()))
    insertHistory(store, { ...record, phases }, now())
    checkpoints.forEach((checkpoint) => {
      store.checkpoints.insert(runId, checkpoint)
    })
    if (results !== null) {
      insertResults(store, runId, results)
    }
  })
  return isCompleted ? 'completed' : 'interrupted'
}

function insertHistory(store: Store, { id, phases, attempts }: RunRecordFile, now: number): void {
  for (const { phase, seconds, completedAt } of phases) {
    store.phases.addSeconds(id, phase, seconds)
    if (completedAt !== null) {
      store.phases.complete(id, phase, completedAt)
    }
  }
  attempts.forEach((attempt) => {
    store.attempts.insert(id, attempt)
  })
  store.attempts.finish(id, 'crashed', LOST_DATABASE.message, now)
}

function toRow(record: RunRecordFile, results: ResultsRecordFile | null, lostAt: number | null): RunRecord {
  const { id, name, preset, config, overrides, createdAt, startedAt, colorIndex, pinned, attempt } = record
  const { datasetName, metricName, environment, computePlan, prepared } = record
  return {
    ...{ id, name, preset, config, overrides, createdAt, startedAt, colorIndex, pinned, attempt },
    ...{ datasetName, metricName, environment, computePlan, prepared },
    ...{ task: config.task, secondsLeft: null, imported: null },
    ...(lostAt === null
      ? { status: 'completed', phase: 'report', progress: 1, error: null, endedAt: results?.endedAt ?? null }
      : {
          ...{ status: 'interrupted', phase: null, progress: 0, endedAt: lostAt },
          error: toErrorInfo(LOST_DATABASE),
        }),
  }
}

function insertResults(
  store: Store,
  runId: string,
  { generations, candidates, report, pictures = [] }: ResultsRecordFile,
): void {
  store.recorded.insertSearch(runId, generations, candidates)
  for (const { number, genotypeId: id, metrics, protocol } of report) {
    const score = { genotypeId: id, split: 'report' as const, metrics, protocol }
    store.candidates.insertReportScore(runId, { ...score, candidateId: `${runId}:${String(number)}` })
  }
  for (const { number, split, data } of pictures) {
    const candidateId = `${runId}:${String(number)}`
    store.pictureResults.insertStored(runId, { candidateId, split, data: Buffer.from(data, 'base64') })
  }
}

/** A phase is done only if those before it are, and a training that is done has left a checkpoint, a search its results. */
export function believablePhases(
  { phases, prepared }: Pick<RunRecordFile, 'phases' | 'prepared'>,
  hasResults: boolean,
  checkpoints: readonly Pick<CheckpointRow, 'phase'>[],
): RunRecordFile['phases'] {
  const proofs: Readonly<Record<RunPhase, boolean>> = {
    prepare: prepared !== null,
    teacher: checkpoints.some(({ phase }) => phase === 'teacher'),
    supernet: checkpoints.some(({ phase }) => phase === 'supernet'),
    search: hasResults,
    report: false,
  }
  let isUnbroken = true
  return RUN_PHASES.flatMap((phase) => {
    const row = phases.find((candidate) => candidate.phase === phase)
    isUnbroken &&= proofs[phase] && row !== undefined && row.completedAt !== null
    return row === undefined ? [] : [isUnbroken ? row : { ...row, completedAt: null }]
  })
}

function requireSameId(runId: string, record: RunRecordFile, results: ResultsRecordFile | null): void {
  const ids = [record.id, ...(results === null ? [] : [results.id])]
  const other = ids.find((id) => id !== runId)
  if (other !== undefined) {
    throw new EngineError('BAD_REQUEST', `The folder is of run ${runId}, its records are of run ${other}.`)
  }
}
