import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { EngineError } from '../../src-main/contract/index.ts'
import { listDataPaths } from '../../src-main/store/data-folder.ts'
import { acquireEngineLock } from '../../src-main/store/engine-lock.ts'
import { loadSqlite } from '../../src-main/store/load-sqlite.ts'

/**
 * Takes the lock of a data folder once a line comes in, says on stdout how that went, and stays until it is killed.
 * Loads the driver before, so that of many such processes all try at the same moment. Keeps nothing of the lock and collects garbage,
 * which must not end it.
 */
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const [folder = ''] = process.argv.slice(2)
loadSqlite()
process.stdout.write('ready\n')
await once(process.stdin, 'data')
try {
  acquireEngineLock(listDataPaths(folder)).publish('http://127.0.0.1:7', 'secret')
  for (let pass = 0; pass < 3; pass += 1) {
    collectGarbage()
    // The driver closes what is garbage in a later turn of the event loop.
    await setImmediate()
  }
  process.stdout.write(`held ${String(process.pid)}\n`)
} catch (thrown) {
  const code = thrown instanceof EngineError ? thrown.code : 'not ours'
  process.stdout.write(`refused ${code} ${String(thrown)}\n`)
}
setInterval(() => undefined, 60_000)
