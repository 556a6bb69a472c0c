import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keepDailyCopies } from '../../../src-main/store/daily-copies.ts'
import type { DailyCopiesOptions } from '../../../src-main/store/daily-copies.ts'
import { COPY_EVERY_MS, dailyCopyName } from '../../../src-main/store/database-copies.ts'
import type { Store } from '../../../src-main/store/store.ts'
import { writeCopy } from '../../../src-main/store/write-copy.ts'
import { createTemporaryFolder, insertRun, openTestStore } from '../../support/engine-core.ts'

const NOON = Date.UTC(2026, 10, 25, 12)

describe('a copy of the database a day', { timeout: 60_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let store: Store
  let warnings: string[]
  beforeEach(async () => {
    folder = createTemporaryFolder()
    store = await openTestStore(folder.folder)
    warnings = []
  })
  afterEach(() => {
    store.close()
    folder.remove()
  })

  /** One engine's life: it starts, has its copy made if one is due, and ends. */
  async function liveAt(now: number, options: Partial<DailyCopiesOptions> = {}): Promise<string[]> {
    const copies = keepDailyCopies({
      paths: store.paths,
      hasRuns: () => store.runs.ids().length > 0,
      now: () => now,
      warn: (message) => warnings.push(message),
      ...options,
    })
    await copies.close()
    return existsSync(store.paths.backups) ? readdirSync(store.paths.backups).toSorted() : []
  }

  it('holds what is only in the write-ahead log, and only its owner may read it', async () => {
    await insertRun(store, 'r-copied')
    expect(await liveAt(NOON)).toEqual([dailyCopyName(NOON)])
    const file = join(store.paths.backups, dailyCopyName(NOON))
    const copy = new Sqlite(file, { readonly: true })
    expect(copy.prepare('SELECT id FROM runs').pluck().all()).toEqual(['r-copied'])
    copy.close()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(warnings).toEqual([])
  })

  it('is made once a day, and three are kept', async () => {
    await insertRun(store, 'r-copied')
    await liveAt(NOON)
    expect(await liveAt(NOON + 1000)).toHaveLength(1)
    const days = [1, 2, 3].map((day) => NOON + day * COPY_EVERY_MS)
    for (const day of days) {
      await liveAt(day)
    }
    expect(await liveAt((days[2] ?? 0) + 5)).toEqual(days.map(dailyCopyName))
  })

  it('is not made of a database without runs', async () => {
    expect(await liveAt(NOON)).toEqual([])
  })

  it('is skipped with a word where the disk has no room', async () => {
    await insertRun(store, 'r-copied')
    expect(await liveAt(NOON, { freeBytes: () => 1000 })).toEqual([])
    expect(warnings.join()).toMatch(/skipped: it takes \d+ MB, 0 MB are free/)
  })

  it('takes no call away while it is made', async () => {
    await insertRun(store, 'r-copied')
    const insert = store.db.$client.prepare(
      "INSERT INTO events (run_id, at, kind, body) VALUES ('r-copied', 1, 'logged', ?)",
    )
    const body = JSON.stringify('x'.repeat(4000))
    store.transaction(() => {
      for (let row = 0; row < 5000; row += 1) {
        insert.run(body)
      }
    })
    let writes = 0
    const copies = keepDailyCopies({
      ...{ paths: store.paths, hasRuns: () => true, now: () => NOON },
      warn: (message) => warnings.push(message),
    })
    const state: { isMade: boolean } = { isMade: false }
    const made = copies.copyIfDue().then(() => {
      state.isMade = true
    })
    while (!state.isMade) {
      store.events.insert('r-copied', 1, 'logged', { level: 'info', message: 'meanwhile' })
      writes += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    await made
    await copies.close()
    expect(writes).toBeGreaterThan(1)
    expect(warnings).toEqual([])
    expect(readdirSync(store.paths.backups)).toEqual([dailyCopyName(NOON)])
  })

  it('of a damaged database is not made, and the copies of before stay', async () => {
    await insertRun(store, 'r-copied')
    await liveAt(NOON)
    store.close()
    const file = openSync(store.paths.database, 'r+')
    writeSync(file, Buffer.alloc(8192, 7), 0, 8192, 4096)
    closeSync(file)
    const after = await liveAt(NOON + 2 * COPY_EVERY_MS, { hasRuns: () => true })
    expect(after).toEqual([dailyCopyName(NOON)])
    expect(warnings.join()).toMatch(/was not made/)
  })
})

describe('writing a copy', () => {
  it('leaves no half of one, also over the draft of a process that was killed', () => {
    const folder = createTemporaryFolder()
    const target = join(folder.folder, 'new', dailyCopyName(NOON))
    mkdirSync(join(folder.folder, 'new'))
    writeFileSync(`${target}.tmp-${String(process.pid)}`, 'half a copy')
    const database = new Sqlite(join(folder.folder, 'a.sqlite'))
    database.exec('CREATE TABLE a (b); INSERT INTO a VALUES (1)')
    writeCopy(database, target)
    expect(readdirSync(join(folder.folder, 'new'))).toEqual([basename(target)])
    database.close()
    expect(() => {
      writeCopy(database, join(folder.folder, 'new', 'other.sqlite'))
    }).toThrow(/not open/)
    expect(readdirSync(join(folder.folder, 'new'))).toEqual([basename(target)])
    folder.remove()
  })
})
