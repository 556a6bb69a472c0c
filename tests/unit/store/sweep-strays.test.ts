import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startEngine } from '../../../src-main/engine/start-engine.ts'
import { listDataPaths } from '../../../src-main/store/data-folder.ts'
import { chooseStrays } from '../../../src-main/store/stray-rules.ts'
import { sweepStrays } from '../../../src-main/store/sweep-strays.ts'
import { createTemporaryFolder, RESOURCES_FOLDER } from '../../support/engine-core.ts'

const DAY_MS = 24 * 3_600_000
const UUID = '0b8f3a6e-1f5c-4d9e-8a7b-2c3d4e5f6a7b'
/** A process id that no system gives. */
const GONE = 2 ** 30
const RUN = 'runs/r-sweep01'

/** What a crash leaves, by the names that the program gives. */
const STRAYS = [
  ...['.probe-77', `engine.lock.${UUID}`, `engine.lock.stale-${UUID}`, `engine.lock.tmp-${String(GONE)}`],
  ...[`studio.sqlite.tmp-${String(GONE)}`, `studio.sqlite.tmp-${String(GONE)}-journal`],
  `backups/studio-daily-2026-11-25T12-00-00-000Z.sqlite.tmp-${String(GONE)}`,
  ...['tmp/preflight-r-abcdef/', 'cache/preflight-Ab3xYz/', 'cache/pictures/f00d.json.77.part'],
  ...[`${RUN}/run.json.tmp-${String(GONE)}`, `${RUN}/results.json.tmp-${String(GONE)}`],
  `${RUN}/checkpoints/supernet-00000016.safetensors.tmp-${String(GONE)}`,
  `${RUN}/checkpoints/supernet-00000016.sha256`,
  `${RUN}/checkpoints/supernet-00000016.sha256.tmp-${String(GONE)}`,
  'token.tmp-11111111-2222-4333-8444-555555555555',
  `${RUN}/checkpoints/supernet-00000016.optimizer.safetensors`,
  `${RUN}/checkpoints/teacher-00000004.optimizer.safetensors.tmp-${String(GONE)}`,
  `${RUN}/preview/01-report-00001.png.tmp-${String(GONE)}`,
  `${RUN}/exports/0123456789ab-safetensors/model.safetensors.tmp-${String(GONE)}`,
  `${RUN}/predictions/0123456789ab/predictions.json.part`,
  `${RUN}/pictures/p-1/picture.json.part`,
  `${RUN}/finetuned/0123456789ab.part/`,
]

/** What only looks like it, or is somebody's. */
const KEPT = [
  ...['engine.lock', 'engine.token', 'studio.sqlite', 'studio.sqlite.damaged-2026', 'notes.tmp-5'],
  ...['.probe-mine', 'engine.lock.bak', `engine.lock.${UUID}.txt`, 'backups/mine.sqlite.tmp-5'],
  ...['tmp/preflight-mine/', 'tmp/notes.txt', 'cache/preflight/', 'cache/other.part'],
  ...['runs/notes.tmp-5', 'runs/mine/checkpoints/supernet-00000016.optimizer.safetensors'],
  ...[`${RUN}/run.json`, `${RUN}/mine.tmp-5`, `${RUN}/checkpoints/own.optimizer.safetensors`],
  `${RUN}/checkpoints/supernet-00000008.safetensors`,
  `${RUN}/checkpoints/supernet-00000008.optimizer.safetensors`,
  `${RUN}/checkpoints/teacher-00000008.safetensors.damaged`,
  `${RUN}/checkpoints/teacher-00000008.optimizer.safetensors`,
  `${RUN}/exports/0123456789ab-safetensors/model.safetensors`,
  `${RUN}/exports/mine/deeper/model.safetensors.tmp-5`,
  `${RUN}/finetuned/mine.part/`,
]

describe('what an ended engine left unfinished', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    folder.remove()
  })

  function plant(names: readonly string[], age = 2 * DAY_MS): void {
    const at = (Date.now() - age) / 1000
    for (const name of names) {
      const path = join(folder.folder, name)
      mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true })
      writeFileSync(name.endsWith('/') ? join(path, 'inside') : path, 'planted')
      utimesSync(path, at, at)
    }
  }
  const isThere = (name: string): boolean => existsSync(join(folder.folder, name))
  const sweep = () => sweepStrays(listDataPaths(folder.folder), Date.now())

  it('is removed by name, and nothing else is', () => {
    plant([...STRAYS, ...KEPT])
    expect(sweep().toSorted()).toEqual(STRAYS.map((name) => name.replace(/\/$/, '')).toSorted())
    expect(STRAYS.filter(isThere)).toEqual([])
    expect(KEPT.filter((name) => !isThere(name))).toEqual([])
    expect(sweep()).toEqual([])
  })

  it('is left to those who still write: living processes, and others that share the cache', () => {
    const draft = `${RUN}/checkpoints/supernet-00000016.safetensors.tmp-${String(process.ppid)}`
    const half = `${RUN}/checkpoints/supernet-00000016.optimizer.safetensors`
    plant([draft, half])
    plant(['cache/pictures/f00d.json.77.part'], 0)
    expect(sweep()).toEqual([])
    const entries = [draft, half].map((path) => ({ path, kind: 'file' as const, modifiedAt: 0 }))
    expect(chooseStrays(entries, () => true, 0)).toEqual([])
    expect(chooseStrays(entries, () => false, 0)).toEqual([draft, half])
  })

  it('of an earlier process with our own id goes: in a container every engine may have the same', () => {
    const own = `${RUN}/run.json.tmp-${String(process.pid)}`
    plant([own])
    expect(sweep()).toEqual([own])
  })

  it('is not looked for behind links', () => {
    const elsewhere = createTemporaryFolder()
    mkdirSync(join(elsewhere.folder, 'preflight-r-abcdef'))
    writeFileSync(join(elsewhere.folder, `run.json.tmp-${String(GONE)}`), '')
    mkdirSync(join(folder.folder, 'runs'))
    symlinkSync(elsewhere.folder, join(folder.folder, RUN))
    symlinkSync(elsewhere.folder, join(folder.folder, 'tmp'))
    symlinkSync(join(elsewhere.folder, 'nothing'), join(folder.folder, '.probe-5'))
    expect(sweep()).toEqual([])
    expect(readdirSync(elsewhere.folder)).toHaveLength(2)
    elsewhere.remove()
  })

  it('goes at the start of an engine', async () => {
    const planted = STRAYS.filter((name) => !name.startsWith('runs/'))
    plant(planted)
    const engine = await startEngine({
      dataFolder: folder.folder,
      workerEntry: new URL('../../support/fake-worker.ts', import.meta.url),
      resourcesFolder: RESOURCES_FOLDER,
      rendererFolder: null,
      codeVersion: 'test',
    })
    await engine.close()
    expect(planted.filter(isThere)).toEqual([])
  })
})
