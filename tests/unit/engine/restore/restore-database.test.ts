import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../../../src-main/cli/command-line.ts'
import type { CommandContext } from '../../../../src-main/cli/command-line.ts'
import { restoreCommand } from '../../../../src-main/cli/commands/restore.ts'
import { runCommandLine } from '../../../../src-main/cli/run-command-line.ts'
import { restore } from '../../../../src-main/engine/restore/restore.ts'
import { listDataPaths } from '../../../../src-main/store/data-folder.ts'
import { dailyCopyName } from '../../../../src-main/store/database-copies.ts'
import { acquireEngineLock } from '../../../../src-main/store/engine-lock.ts'
import { writeCopy } from '../../../../src-main/store/write-copy.ts'
import { createTemporaryFolder, insertRun, openTestStore } from '../../../support/engine-core.ts'

const NOON = Date.UTC(2026, 10, 25, 12)
const LATER = NOON + 3_600_000

let folder: ReturnType<typeof createTemporaryFolder>
beforeEach(() => {
  folder = createTemporaryFolder()
})
afterEach(() => {
  folder.remove()
})
const paths = () => listDataPaths(folder.folder)
const copyAt = (at: number) => join(paths().backups, dailyCopyName(at))

/** Runs before and after a copy of NOON, each with a folder; `r-early1` was not touched since. */
async function makeData(): Promise<void> {
  const store = await openTestStore(folder.folder)
  await insertRun(store, 'r-early1')
  await insertRun(store, 'r-early2')
  writeCopy(store.db.$client, copyAt(NOON))
  await insertRun(store, 'r-young1')
  store.close()
  for (const [id, at] of [
    ['r-early1', NOON - 1000],
    ['r-early2', LATER],
    ['r-young1', LATER],
  ] as const) {
    mkdirSync(join(paths().runFolder(id), 'checkpoints'), { recursive: true })
    for (const place of ['checkpoints', '']) {
      utimesSync(join(paths().runFolder(id), place), at / 1000, at / 1000)
    }
  }
}

function damageDatabase(file = paths().database): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(8192, 7), 0, 8192, 4096)
  closeSync(descriptor)
}

async function listRuns(): Promise<string[]> {
  const store = await openTestStore(folder.folder)
  const ids = store.runs.ids()
  store.close()
  return ids.toSorted()
}

async function run(from: string | null = null) {
  const report = await restore({ dataFolder: folder.folder, from, folders: false, now: () => LATER })
  if (report.database === null) {
    throw new Error('the database was not looked at')
  }
  return { database: report.database }
}

describe('restoring the database', { timeout: 30_000 }, () => {
  it.each([
    ['damaged', damageDatabase],
    ['no database at all', () => writeFileSync(paths().database, 'text '.repeat(2000))],
    ['empty', () => writeFileSync(paths().database, '')],
    ['missing', () => rmSync(paths().database)],
  ])('puts the newest whole copy in the place of one that is %s', async (what, spoil) => {
    await makeData()
    spoil()
    writeFileSync(copyAt(NOON + 1000), 'a younger copy that is damaged')
    await expect(openTestStore(folder.folder)).rejects.toMatchObject({ code: 'STORAGE' })
    const { database } = await run()
    expect(database.placed?.file).toBe(copyAt(NOON))
    expect(database.copies.map((copy) => copy.fault === null)).toEqual([false, true])
    expect(database.unnamedRuns).toEqual(['r-young1'])
    expect(database.laterRuns).toEqual(['r-early2'])
    expect(database.aside === null ? null : basename(database.aside)).toBe(
      what === 'missing' ? null : 'studio.sqlite.damaged-2026-11-25T13-00-00-000Z',
    )
    expect(await listRuns()).toEqual(['r-early1', 'r-early2'])
    const { database: again } = await run()
    expect(again).toMatchObject({ fault: null, placed: null })
  })

  it('takes log and index of the old database along, so that the new one does not read them', async () => {
    await makeData()
    const writer = new Sqlite(paths().database)
    writer.exec("UPDATE runs SET name = 'only in the log'")
    writeFileSync(join(folder.folder, 'a-log'), '')
    const log = `${paths().database}-wal`
    expect(existsSync(log)).toBe(true)
    // As after kill -9: the connection is not closed, which would fold the log in.
    const report = await run(copyAt(NOON))
    writer.close()
    expect(existsSync(`${report.database.aside ?? ''}-wal`) || !existsSync(log)).toBe(true)
    const store = await openTestStore(folder.folder)
    expect(store.runs.find('r-early1')?.name).toBe('r-early1')
    store.close()
    const old = new Sqlite(report.database.aside ?? '', { readonly: true })
    expect(old.prepare("SELECT name FROM runs WHERE id = 'r-young1'").pluck().get()).toBe('only in the log')
    old.close()
  })

  it('leaves a whole database alone unless a copy is named, by name or by path', async () => {
    await makeData()
    expect((await run()).database.placed).toBeNull()
    expect(await listRuns()).toContain('r-young1')
    const { database } = await run(dailyCopyName(NOON))
    expect(database.aside).not.toBeNull()
    expect(await listRuns()).toEqual(['r-early1', 'r-early2'])
  })

  it('refuses what is no copy and changes nothing', async () => {
    await makeData()
    // Looking at a database leaves an empty log and index beside it.
    const listFiles = () => readdirSync(folder.folder).filter((name) => !/-(?:wal|shm)$/.test(name))
    const before = listFiles()
    const text = join(folder.folder, 'text')
    writeFileSync(text, 'no database, '.repeat(1000))
    await expect(run(text)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(run('nothing.sqlite')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(run(paths().database)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    const foreign = new Sqlite(join(folder.folder, 'foreign'))
    foreign.exec('CREATE TABLE a (b)')
    foreign.close()
    await expect(run(join(folder.folder, 'foreign'))).rejects.toMatchObject({
      message: expect.stringContaining('no database of this program') as string,
    })
    rmSync(text)
    rmSync(join(folder.folder, 'foreign'))
    expect(listFiles().toSorted()).toEqual([...before, 'engine-lock.sqlite'].toSorted())
  })

  it('needs a folder that no engine has, and one that is there', async () => {
    await makeData()
    const lock = acquireEngineLock(paths())
    await expect(run()).rejects.toMatchObject({ code: 'CONFLICT' })
    lock.release()
    const nowhere = restore({
      dataFolder: join(folder.folder, 'no'),
      from: null,
      folders: false,
      now: () => NOON,
    })
    await expect(nowhere).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(existsSync(join(folder.folder, 'no'))).toBe(false)
  })

  it('is what the refusal of a damaged database names, with the copy that it would put in place', async () => {
    await makeData()
    damageDatabase()
    await expect(openTestStore(folder.folder)).rejects.toMatchObject({
      message: expect.stringMatching(
        /damaged.*Nothing was changed.*"scalenas restore" puts the copy of 2026-11-25T12:00:00.000Z .*\(2 runs\)/,
      ) as string,
    })
    damageDatabase(copyAt(NOON))
    await expect(openTestStore(folder.folder)).rejects.toMatchObject({
      message: expect.stringMatching(/no whole copy.*"scalenas restore --folders"/) as string,
    })
    await expect(run()).rejects.toMatchObject({ code: 'STORAGE' })
  })
})

describe('scalenas restore', { timeout: 30_000 }, () => {
  async function command(...args: string[]) {
    const out: string[] = []
    const err: string[] = []
    const context = {
      parts: { codeVersion: 'test' },
      terminal: { out: (text: string) => out.push(text), err: (text: string) => err.push(text) },
    } as unknown as CommandContext
    const all = ['restore', ...args, '--data', folder.folder]
    const code = await runCommandLine({ restore: restoreCommand }, all, context)
    return { code, out: out.join('\n'), err: err.join('\n') }
  }

  it('says what it found, what it put in place, and what is younger', async () => {
    await makeData()
    damageDatabase()
    const { code, out } = await command()
    expect(code).toBe(0)
    expect(out).toMatch(/2026-11-25T12:00:00.000Z +\d\.\d MB +2 +whole +studio-daily-/)
    expect(out).toMatch(/The old one is kept as .*damaged-/)
    expect(out).toMatch(/2 runs came back: r-early1, r-early2/)
    expect(out).toMatch(/Younger than the copy: r-young1.*--folders/)
    expect(out).toMatch(/Went on after the copy: r-early2.*resume/)
    expect((await command()).out).toMatch(/is whole and stays/)
    expect(JSON.parse((await command('--json')).out)).toMatchObject({ database: { fault: null } })
  })

  it('ends with the code of its reason', async () => {
    await makeData()
    rmSync(paths().backups, { recursive: true })
    rmSync(paths().database)
    const { code, err } = await command()
    expect(code).toBe(exitCodeOf({ code: 'STORAGE' }))
    expect(err).toMatch(/is not usable \(missing\), and there is no copy/)
    expect((await command('--from', 'no.sqlite')).code).toBe(2)
  })
})
