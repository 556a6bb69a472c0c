import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrate, readVersion } from '../../../src-main/store/migrate.ts'
import type { Migration } from '../../../src-main/store/migrate.ts'
import { ALL_MIGRATIONS } from '../../../src-main/store/migrations/all-migrations.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'

function upTo(version: number): readonly Migration[] {
  return ALL_MIGRATIONS.filter((migration) => migration.version <= version)
}

describe('migrations', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let database: Sqlite.Database
  beforeEach(() => {
    folder = createTemporaryFolder()
    database = new Sqlite(join(folder.folder, 'studio.sqlite'))
    database.pragma('foreign_keys = ON')
  })
  afterEach(() => {
    database.close()
    folder.remove()
  })
  const tables = (): string[] =>
    database
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .pluck()
      .all()
      .map(String)
  const insertRun = (): void => {
    database.exec(
      `INSERT INTO runs (id, name, preset, task, status, color_index, created_at, dataset_name, metric_name, config)
       VALUES ('r-aaaaaa', 'a', 'p', 'pose', 'queued', 0, 1, 'd', 'm', '{}')`,
    )
  }

  it('are numbered by tens, ascending, and every table is STRICT', () => {
    const versions = ALL_MIGRATIONS.map((migration) => migration.version)
    expect(versions.filter((version) => version % 10 !== 0)).toEqual([])
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b))
    migrate(database, ALL_MIGRATIONS, join(folder.folder, 'backups'))
    const loose = database.prepare(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
    )
    expect(loose.pluck().all()).toEqual([])
  })

  it('0010 makes runs with attempts, phases and checkpoints that go with their run', () => {
    migrate(database, upTo(10), folder.folder)
    expect(tables()).toEqual(['attempts', 'checkpoints', 'phases', 'runs'])
    insertRun()
    database.exec(
      "INSERT INTO attempts (run_id, attempt, started_at, from_phase, from_iteration) VALUES ('r-aaaaaa', 1, 1, 'prepare', 0)",
    )
    expect(() => database.exec("UPDATE runs SET status = 'lost'")).toThrow(/CHECK/)
    expect(() => database.exec("INSERT INTO phases (run_id, phase) VALUES ('r-nobody', 'prepare')")).toThrow(
      /FOREIGN KEY/,
    )
    database.exec("DELETE FROM runs WHERE id = 'r-aaaaaa'")
    expect(database.prepare('SELECT count(*) FROM attempts').pluck().get()).toBe(0)
  })

  it('0020 makes events whose sequence numbers never repeat, and curves', () => {
    migrate(database, upTo(20), folder.folder)
    insertRun()
    const insert = database.prepare(
      "INSERT INTO events (run_id, at, kind, body) VALUES ('r-aaaaaa', 1, 'logged', '{}')",
    )
    insert.run()
    const second = insert.run().lastInsertRowid
    database.exec('DELETE FROM events')
    expect(insert.run().lastInsertRowid).toBe(Number(second) + 1)
    expect(tables()).toContain('metrics')
    expect(tables()).toContain('panels')
  })

  it('0030 makes a ledger in which a score belongs to an evaluated row only, and a genotype to one row of a run', () => {
    migrate(database, upTo(30), folder.folder)
    insertRun()
    database.exec("INSERT INTO generations (run_id, generation, random_state) VALUES ('r-aaaaaa', 0, '{}')")
    const insert = database.prepare(
      `INSERT INTO candidates (id, run_id, number, generation, state, genotype_id, genotype_key, genotype, macs, params, origin, accuracy)
       VALUES (?, 'r-aaaaaa', ?, 0, ?, 'id', ?, '{}', 1, 1, '{}', ?)`,
    )
    insert.run('r-aaaaaa:1', 1, 'evaluated', 'key', 0.5)
    expect(() => insert.run('r-aaaaaa:2', 2, 'proposed', 'other', 0.5)).toThrow(/CHECK/)
    expect(() => insert.run('r-aaaaaa:2', 2, 'evaluated', 'other', null)).toThrow(/CHECK/)
    expect(() => insert.run('r-aaaaaa:2', 2, 'evaluated', 'other', 1.5)).toThrow(/CHECK/)
    expect(() => insert.run('r-aaaaaa:2', 2, 'proposed', 'key', null)).toThrow(/UNIQUE/)
  })

  it('0040 makes datasets, one per folder, and settings', () => {
    migrate(database, upTo(40), folder.folder)
    const insert = database.prepare(
      "INSERT INTO datasets (id, name, path, added_at, facts) VALUES (?, 'n', '/d', 1, '{}')",
    )
    insert.run('d-1')
    expect(() => insert.run('d-2')).toThrow(/UNIQUE/)
    expect(tables()).toContain('settings')
  })

  it('0050 lets runs be bottom-up pose and keeps every run with what belongs to it', () => {
    migrate(database, upTo(40), folder.folder)
    insertRun()
    database.exec("INSERT INTO phases (run_id, phase) VALUES ('r-aaaaaa', 'prepare')")
    migrate(database, upTo(50), join(folder.folder, 'backups'))
    expect(database.prepare('SELECT id, task FROM runs').all()).toEqual([{ id: 'r-aaaaaa', task: 'pose' }])
    expect(database.prepare('SELECT count(*) FROM phases').pluck().get()).toBe(1)
    database.exec("UPDATE runs SET task = 'bottom-up-pose'")
    expect(() => database.exec("UPDATE runs SET task = 'juggling'")).toThrow(/CHECK/)
  })

  it('0080 leaves points of before it without the memory of the backend', () => {
    migrate(database, upTo(70), folder.folder)
    insertRun()
    database.exec(`INSERT INTO metrics VALUES ('r-aaaaaa', 'teacher', 1, 0, 0, -1, 1, 1, 0, 0.1, 3, 0, 5)`)
    migrate(database, upTo(80), join(folder.folder, 'backups'))
    expect(database.prepare('SELECT resident_bytes, backend_bytes FROM metrics').all()).toEqual([
      { resident_bytes: 5, backend_bytes: null },
    ])
  })

  it('0070 keeps plans with their runs and figures of this machine by their key', () => {
    migrate(database, upTo(60), folder.folder)
    insertRun()
    migrate(database, upTo(70), join(folder.folder, 'backups'))
    expect(database.prepare('SELECT compute_plan FROM runs').pluck().all()).toEqual([null])
    const insert = database.prepare(
      'INSERT INTO calibrations (key, kind, measured_at, figures) VALUES (?, ?, 1, ?)',
    )
    insert.run('k', 'compute', '{}')
    expect(() => insert.run('k', 'loader', '{}')).toThrow(/UNIQUE/)
    expect(() => insert.run('other', 'guess', '{}')).toThrow(/CHECK/)
  })

  it('0120 keeps results by picture once a split with their candidate, and they go with it', () => {
    migrate(database, upTo(120), folder.folder)
    insertRun()
    database.exec("INSERT INTO generations (run_id, generation, random_state) VALUES ('r-aaaaaa', 0, '{}')")
    database.exec(
      `INSERT INTO candidates (id, run_id, number, generation, state, genotype_id, genotype_key, genotype, macs, params, origin)
       VALUES ('r-aaaaaa:1', 'r-aaaaaa', 1, 0, 'proposed', 'id', 'key', '{}', 1, 1, '{}')`,
    )
    const insert = database.prepare(
      "INSERT INTO picture_results (run_id, candidate_id, split, kind, data) VALUES ('r-aaaaaa', ?, ?, ?, x'00')",
    )
    insert.run('r-aaaaaa:1', 'search', 'ratio')
    insert.run('r-aaaaaa:1', 'report', 'ratio')
    expect(() => insert.run('r-aaaaaa:1', 'search', 'ap')).toThrow(/UNIQUE/)
    expect(() => insert.run('r-aaaaaa:2', 'search', 'ap')).toThrow(/FOREIGN KEY/)
    expect(() => insert.run('r-aaaaaa:1', 'train', 'ap')).toThrow(/CHECK/)
    database.exec("DELETE FROM runs WHERE id = 'r-aaaaaa'")
    expect(database.prepare('SELECT count(*) FROM picture_results').pluck().get()).toBe(0)
  })

  it('copies a database with content before each change and keeps the last three copies', () => {
    const backups = join(folder.folder, 'backups')
    migrate(database, upTo(10), backups)
    insertRun()
    expect(existsSync(backups)).toBe(false)
    migrate(database, upTo(40), backups)
    const copies = readdirSync(backups).toSorted()
    expect(copies).toHaveLength(3)
    expect(copies[0]).toContain('before-0010-changes')
    const copy = new Sqlite(join(backups, copies[0] ?? ''), { readonly: true })
    expect(readVersion(copy)).toBe(10)
    expect(copy.prepare('SELECT id FROM runs').pluck().all()).toEqual(['r-aaaaaa'])
    copy.close()
  })

  it('leave a database untouched when one of them fails', () => {
    migrate(database, upTo(20), folder.folder)
    const broken: Migration = {
      version: 30,
      sql: 'CREATE TABLE half (a TEXT) STRICT; CREATE TABLE half (a TEXT);',
    }
    expect(() => migrate(database, [...upTo(20), broken], folder.folder)).toThrow(/half/)
    expect(readVersion(database)).toBe(20)
    expect(tables()).not.toContain('half')
  })

  it('refuse a database of a newer program', () => {
    database.pragma('user_version = 990')
    expect(() => migrate(database, ALL_MIGRATIONS, folder.folder)).toThrow(/version 990/)
  })
})
