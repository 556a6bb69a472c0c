import { parentPort, workerData } from 'node:worker_threads'
import type { CopyThreadAnswer, CopyThreadData } from './copy-thread.types.ts'
import { loadSqlite } from './load-sqlite.ts'
import { toEngineError } from './storage-error.ts'
import { writeCopy } from './write-copy.ts'

/** Entry of the thread that copies a database: a reader of its own, which holds up nobody who reads or writes. */
const { database: file, target } = workerData as CopyThreadData
let answer: CopyThreadAnswer
try {
  const Sqlite = loadSqlite()
  const database = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    writeCopy(database, target)
  } finally {
    database.close()
  }
  answer = { error: null }
} catch (thrown) {
  answer = { error: toEngineError(thrown).message }
}
parentPort?.postMessage(answer)
