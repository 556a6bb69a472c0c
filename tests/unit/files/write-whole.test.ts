import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { draftOf, settle, writeWhole } from '../../../src-main/files/write-whole.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whole-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('a file that is written whole', () => {
  it('replaces the one before, with the mode asked for, and leaves no draft', () => {
    const file = join(folder, 'file')
    writeWhole(file, 'old')
    writeWhole(file, Uint8Array.of(110, 101, 119), 0o600)
    expect(readFileSync(file, 'utf8')).toBe('new')
    expect(readdirSync(folder)).toEqual(['file'])
    if (process.platform !== 'win32') {
      expect(statSync(file).mode & 0o777).toBe(0o600)
    }
  })

  it('is as it was when the write fails, without a draft', () => {
    const file = join(folder, 'file')
    writeFileSync(file, 'old')
    expect(() => {
      writeWhole(join(file, 'below-a-file'), 'new')
    }).toThrow(/ENOTDIR/)
    expect(readFileSync(file, 'utf8')).toBe('old')
    expect(readdirSync(folder)).toEqual(['file'])
  })

  it('has a draft of this process until it is settled', () => {
    const file = join(folder, 'file')
    expect(draftOf(file)).toBe(`${file}.tmp-${String(process.pid)}`)
    writeFileSync(draftOf(file), 'whole')
    settle(draftOf(file), file)
    expect(readFileSync(file, 'utf8')).toBe('whole')
  })
})
