import { existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listDataPaths } from '../../../src-main/store/data-folder.ts'
import { describeFolders, listRunFolders } from '../../../src-main/store/run-folders.ts'
import { openStore } from '../../../src-main/store/store.ts'
import { createTemporaryFolder, insertRun, openTestStore } from '../../support/engine-core.ts'

let folder: ReturnType<typeof createTemporaryFolder>
beforeEach(() => {
  folder = createTemporaryFolder()
})
afterEach(() => {
  folder.remove()
})
const paths = () => listDataPaths(folder.folder)
function makeRunFolder(name: string): void {
  mkdirSync(join(paths().runs, name, 'checkpoints'), { recursive: true })
}

describe('run folders', () => {
  it('are those with a name that a run can have and with something in them', () => {
    expect(listRunFolders(paths())).toEqual([])
    makeRunFolder('r-bbbbbb')
    makeRunFolder('r-aaaaaa')
    makeRunFolder('notes')
    makeRunFolder('R-CCCCCC')
    mkdirSync(join(paths().runs, 'r-empty1'))
    writeFileSync(join(paths().runs, 'r-afile1'), 'no folder')
    symlinkSync('/nowhere', join(paths().runs, 'r-nolink'))
    expect(listRunFolders(paths())).toEqual(['r-aaaaaa', 'r-bbbbbb'])
  })

  it('are named up to three', () => {
    expect(describeFolders(['r-aaaaaa'])).toBe('1 run (r-aaaaaa)')
    expect(describeFolders(['a', 'b', 'c', 'd'])).toBe('4 runs (a, b, c, …)')
  })
})

describe('a database that is gone', () => {
  it.each([
    ['missing', () => rmSync(paths().database)],
    ['empty', () => writeFileSync(paths().database, '')],
  ])('because it is %s is never silently a new one beside runs', async (what, lose) => {
    const store = await openTestStore(folder.folder)
    await insertRun(store, 'r-gone01')
    store.close()
    makeRunFolder('r-gone01')
    lose()
    const sizeBefore = statSync(paths().database, { throwIfNoEntry: false })?.size
    await expect(openTestStore(folder.folder)).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(
        new RegExp(`is ${what}.*1 run \\(r-gone01\\).*"scalenas restore".*"scalenas restore --folders"`),
      ) as string,
    })
    expect(statSync(paths().database, { throwIfNoEntry: false })?.size).toBe(sizeBefore)
    const replaced = await openStore(paths(), { replacesLostDatabase: true })
    replaced.close()
  })

  it('is a new one where no run ever was: new folders, and a first start that was cut off', async () => {
    const first = await openTestStore(folder.folder)
    first.close()
    rmSync(paths().database)
    const second = await openTestStore(folder.folder)
    second.close()
    writeFileSync(paths().database, '')
    mkdirSync(join(paths().runs, 'r-empty1'))
    const third = await openTestStore(folder.folder)
    third.close()
    expect(existsSync(paths().database)).toBe(true)
  })
})
