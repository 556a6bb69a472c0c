import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureKeptToken, readKeptToken, renewKeptToken } from '../../../src-main/store/kept-token.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'

describe('the token of a data folder', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let file: string
  beforeEach(() => {
    folder = createTemporaryFolder()
    file = join(folder.folder, 'token')
  })
  afterEach(() => {
    folder.remove()
  })
  const modeOf = (): number => statSync(file).mode & 0o777

  it('is made once, of 256 bits, for the owner only', () => {
    expect(readKeptToken(file)).toEqual({ kind: 'absent' })
    const first = ensureKeptToken(file)
    expect(first.notice).toBeNull()
    expect(Buffer.from(first.token, 'base64url')).toHaveLength(32)
    expect(modeOf()).toBe(0o600)
    expect(ensureKeptToken(file)).toEqual(first)
    expect(readdirSync(folder.folder)).toEqual(['token'])
  })

  it('is a new one when asked for', () => {
    const { token } = ensureKeptToken(file)
    const renewed = renewKeptToken(file)
    expect(renewed).not.toBe(token)
    expect(ensureKeptToken(file).token).toBe(renewed)
    expect(modeOf()).toBe(0o600)
  })

  it.each([0o644, 0o640, 0o604, 0o620])(
    'is replaced, with a word, when others could reach it: %o',
    (mode) => {
      const { token } = ensureKeptToken(file)
      chmodSync(file, mode)
      const next = ensureKeptToken(file)
      expect(next.token).not.toBe(token)
      expect(next.notice).toContain(`could be read by others (mode ${mode.toString(8)}; 600 is allowed)`)
      expect(next.notice).not.toContain(token)
      expect(modeOf()).toBe(0o600)
      expect(ensureKeptToken(file)).toEqual({ token: next.token, notice: null })
    },
  )

  it.each([
    ['nothing', ''],
    ['half of one', 'abc'],
    ['too much', 'a'.repeat(5000)],
    ['other characters', 'ü'.repeat(43)],
  ])('is replaced, with a word, when the file holds %s', (_name, content) => {
    writeFileSync(file, content, { mode: 0o600 })
    const { token, notice } = ensureKeptToken(file)
    expect(notice).toMatch(/holds no token/)
    expect(readFileSync(file, 'utf8')).toBe(token)
  })

  it('may end with a line break, as an editor leaves it', () => {
    const token = renewKeptToken(file)
    writeFileSync(file, `${token}\n`)
    expect(ensureKeptToken(file)).toEqual({ token, notice: null })
  })

  it('is not read or written through a link', () => {
    const elsewhere = join(folder.folder, 'elsewhere')
    const token = renewKeptToken(elsewhere)
    symlinkSync(elsewhere, file)
    const next = ensureKeptToken(file)
    expect(next.notice).toMatch(/is no file/)
    expect(readFileSync(elsewhere, 'utf8')).toBe(token)
    expect(next.token).not.toBe(token)
  })

  it('does not wait for a FIFO', () => {
    expect(spawnSync('mkfifo', ['-m', '600', file]).status).toBe(0)
    expect(ensureKeptToken(file).notice).toMatch(/is no file/)
    expect(statSync(file).isFile()).toBe(true)
  })

  it('that cannot be written is refused by name, and leaves nothing behind', () => {
    mkdirSync(file)
    mkdirSync(join(file, 'x'))
    expect(() => ensureKeptToken(file)).toThrow(`The token cannot be written to ${file} (`)
    expect(readdirSync(folder.folder)).toEqual(['token'])
    expect(existsSync(join(file, 'x'))).toBe(true)
  })
})
