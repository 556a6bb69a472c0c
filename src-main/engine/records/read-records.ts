import { lstatSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { z } from 'zod'
import { EngineError } from '../../contract/index.ts'
import { listProblems } from '../configure/schema-problems.ts'
import { resultsRecordFile, resultsRecordSchema, runRecordFile, runRecordSchema } from './records.ts'
import type { ResultsRecordFile, RunRecordFile } from './records.ts'

/** Two million candidates are more than any run has; V8 holds no longer text than this by far. */
const MOST_BYTES = 256 * 2 ** 20
const MOST_PROBLEMS = 5

/** @throws EngineError BAD_REQUEST with the file and everything that is wrong with it; NOT_FOUND when there is none. */
export function readRunRecord(runFolder: string): RunRecordFile {
  const record = readRecord(runRecordFile(runFolder), runRecordSchema)
  if (record === null) {
    throw new EngineError('NOT_FOUND', `${runFolder} has no run.json; a run of before it was written.`)
  }
  return record
}

/** Null for a run whose search has not ended. @throws EngineError BAD_REQUEST as above. */
export function readResultsRecord(runFolder: string): ResultsRecordFile | null {
  return readRecord(resultsRecordFile(runFolder), resultsRecordSchema)
}

function readRecord<T>(file: string, schema: z.ZodType<T>): T | null {
  const facts = lstatSync(file, { throwIfNoEntry: false })
  if (facts === undefined) {
    return null
  }
  // A link or a pipe would be read where it leads, or for ever.
  if (!facts.isFile()) {
    throw refusal(file, 'it is no regular file')
  }
  if (facts.size > MOST_BYTES) {
    throw refusal(file, `it has ${facts.size} bytes, at most ${MOST_BYTES} are read`)
  }
  const parsed = schema.safeParse(parseJson(file))
  if (!parsed.success) {
    const problems = listProblems(parsed.error).slice(0, MOST_PROBLEMS)
    throw refusal(file, problems.join('; '))
  }
  return parsed.data
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown
  } catch (thrown) {
    throw refusal(file, thrown instanceof Error ? thrown.message : String(thrown))
  }
}

function refusal(file: string, reason: string): EngineError {
  return new EngineError('BAD_REQUEST', `${basename(file)} cannot be used: ${reason}.`)
}
