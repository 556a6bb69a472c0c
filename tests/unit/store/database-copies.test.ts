import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  COPY_EVERY_MS,
  dailyCopyName,
  hasRoomForCopy,
  isCopyDue,
  listCopies,
  migrationCopyName,
  surplusCopies,
} from '../../../src-main/store/database-copies.ts'
import type { CopyKind } from '../../../src-main/store/database-copies.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'

const NOON = Date.UTC(2026, 10, 25, 12)
const copy = (at: number, kind: CopyKind = 'daily') => ({ kind, at, file: `${kind}-${String(at)}` })

describe('copies of the database', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    folder.remove()
  })

  it('are read from their names, newest first; other files are not ours', () => {
    const names = [dailyCopyName(NOON), migrationCopyName(NOON + 1, 70), dailyCopyName(NOON - 5)]
    const others = ['studio-.sqlite', 'studio-daily-yesterday.sqlite', 'mine.sqlite']
    const twoKinds = 'studio-daily-2026-11-25T12-00-00-000Z-before-0070-changes.sqlite'
    const noDate = 'studio-daily-2026-99-99T12-00-00-000Z.sqlite'
    for (const name of [...names, ...others, twoKinds, noDate, `${names[0] ?? ''}.tmp-77`]) {
      writeFileSync(join(folder.folder, name), '')
    }
    expect(listCopies(folder.folder).map(({ kind, at, file }) => [kind, at, basename(file)])).toEqual([
      ['migration', NOON + 1, 'studio-2026-11-25T12-00-00-001Z-before-0070-changes.sqlite'],
      ['daily', NOON, 'studio-daily-2026-11-25T12-00-00-000Z.sqlite'],
      ['daily', NOON - 5, 'studio-daily-2026-11-25T11-59-59-995Z.sqlite'],
    ])
    expect(listCopies(join(folder.folder, 'nothing'))).toEqual([])
  })

  it('are kept up to three of each kind, whatever the other kind has', () => {
    const migrations = [1, 2, 3, 4, 5].map((at) => copy(at, 'migration'))
    const daily = [20, 10, 30, 40].map((at) => copy(at))
    expect(surplusCopies([...migrations, ...daily], 'daily')).toEqual(['daily-10'])
    expect(surplusCopies([...migrations, ...daily], 'migration')).toEqual(['migration-2', 'migration-1'])
    expect(surplusCopies(daily.slice(1), 'daily')).toEqual([])
  })

  it('are due a day after the last daily one, also when the clock was set back', () => {
    expect(isCopyDue([], NOON)).toBe(true)
    expect(isCopyDue([copy(NOON - COPY_EVERY_MS + 1)], NOON)).toBe(false)
    expect(isCopyDue([copy(NOON - COPY_EVERY_MS)], NOON)).toBe(true)
    expect(isCopyDue([copy(NOON - 1, 'migration')], NOON)).toBe(true)
    expect(isCopyDue([copy(NOON + 1)], NOON)).toBe(false)
    expect(isCopyDue([copy(NOON + 400 * COPY_EVERY_MS)], NOON)).toBe(true)
  })

  it('leave room for the run under way', () => {
    expect(hasRoomForCopy(2 ** 30, 2 ** 30)).toBe(false)
    expect(hasRoomForCopy(2 ** 30, 2 ** 31)).toBe(true)
    expect(hasRoomForCopy(0, 0)).toBe(false)
  })
})
