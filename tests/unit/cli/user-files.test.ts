import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { giveToUser, makeUserFolder } from '../../../src-main/cli/user-files.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'

describe.skipIf(process.platform === 'win32')('files that a user asked for', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    folder.remove()
  })
  const modeOf = (name: string): string => (statSync(join(folder.folder, name)).mode & 0o777).toString(8)

  it('have the modes that their umask gives', async () => {
    await makeUserFolder(join(folder.folder, 'a/b'), { userUmask: 0o027 })
    writeFileSync(join(folder.folder, 'a/b/c'), '', { mode: 0o600 })
    await giveToUser([join(folder.folder, 'a/b/c')], { userUmask: 0o027 })
    expect([modeOf('a'), modeOf('a/b'), modeOf('a/b/c')]).toEqual(['750', '750', '640'])
  })

  it('lie in folders that keep their modes when they are there already', async () => {
    mkdirSync(join(folder.folder, 'mine'), { mode: 0o700 })
    await makeUserFolder(join(folder.folder, 'mine'), { userUmask: 0o022 })
    expect(modeOf('mine')).toBe('700')
    await makeUserFolder(join(folder.folder, 'mine/new'), { userUmask: 0o022 })
    expect([modeOf('mine'), modeOf('mine/new')]).toEqual(['700', '755'])
  })
})
