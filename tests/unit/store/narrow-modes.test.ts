import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listDataPaths, prepareDataFolder } from '../../../src-main/store/data-folder.ts'
import { createTemporaryFolder, openTestStore } from '../../support/engine-core.ts'

describe.skipIf(process.platform === 'win32')('a data folder', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    folder.remove()
  })
  const root = () => join(folder.folder, 'data')
  const modeOf = (name: string): string => (statSync(join(root(), name)).mode & 0o777).toString(8)
  const prepare = () => prepareDataFolder(listDataPaths(root()))
  function plant(name: string, mode = 0o644): void {
    const path = join(root(), name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'planted')
    chmodSync(path, mode)
  }
  function openUp(...names: string[]): void {
    names.forEach((name) => {
      chmodSync(join(root(), name), 0o755)
    })
  }

  it('is made for its owner alone, with everything in it', async () => {
    const store = await openTestStore(root())
    const modes = ['', 'runs', 'cache', 'tmp', 'studio.sqlite', 'studio.sqlite-wal', 'studio.sqlite-shm'].map(
      modeOf,
    )
    store.close()
    expect(modes).toEqual(['700', '700', '700', '700', '600', '600', '600'])
  })

  it('of an earlier version is narrowed to the last file, scripts staying scripts', async () => {
    plant('studio.sqlite')
    plant('backups/studio-daily.sqlite')
    plant('runs/r-aaaaaa/checkpoints/teacher-00000001.safetensors')
    plant('runs/r-aaaaaa/exports/x/load.py', 0o755)
    openUp('', 'runs', 'runs/r-aaaaaa', 'backups')
    await prepare()
    expect(
      ['', 'studio.sqlite', 'backups/studio-daily.sqlite', 'runs', 'runs/r-aaaaaa/exports/x/load.py'].map(
        modeOf,
      ),
    ).toEqual(['700', '600', '600', '700', '700'])
    expect(modeOf('runs/r-aaaaaa/checkpoints/teacher-00000001.safetensors')).toBe('600')
  })

  it('that holds other things keeps its mode, and only what is ours in it is narrowed', async () => {
    plant('notes.txt')
    plant('pictures/a.png')
    plant('studio.sqlite')
    plant('runs/r-aaaaaa/run.json')
    openUp('', 'runs', 'runs/r-aaaaaa', 'pictures')
    await prepare()
    expect(['', 'notes.txt', 'pictures', 'pictures/a.png'].map(modeOf)).toEqual(['755', '644', '755', '644'])
    expect(['studio.sqlite', 'runs', 'runs/r-aaaaaa/run.json'].map(modeOf)).toEqual(['600', '700', '600'])
  })

  it('leaves alone what links lead to', async () => {
    plant('studio.sqlite')
    const elsewhere = join(folder.folder, 'elsewhere')
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, 'a'), '')
    chmodSync(join(elsewhere, 'a'), 0o644)
    chmodSync(elsewhere, 0o755)
    mkdirSync(join(root(), 'runs'))
    openUp('runs')
    symlinkSync(elsewhere, join(root(), 'runs', 'r-linked'))
    symlinkSync(elsewhere, join(root(), 'cache'))
    await prepare()
    expect((statSync(elsewhere).mode & 0o777).toString(8)).toBe('755')
    expect((statSync(join(elsewhere, 'a')).mode & 0o777).toString(8)).toBe('644')
  })

  it.runIf(process.getuid?.() === 0)('leaves alone what belongs to another user', async () => {
    plant('studio.sqlite')
    plant('runs/r-aaaaaa/run.json')
    chownSync(join(root(), 'studio.sqlite'), 12345, 12345)
    await prepare()
    expect(modeOf('studio.sqlite')).toBe('644')
  })
})
