import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { extractZipEntry, readZipEntry, zipEntries } from '../../../scripts/setup/zip.mjs'

/** Python's zipfile is the independent writer: one deflated and one stored entry, with a comment after the end record. */
const WRITE_ZIP = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    z.writestr(zipfile.ZipInfo('folder/'), '')
    z.writestr('folder/long.txt', 'scale ' * 5000, zipfile.ZIP_DEFLATED)
    z.writestr('plain.bin', bytes(range(256)), zipfile.ZIP_STORED)
    z.comment = b'a comment'
`
const hasPython = (() => {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false // the suite below says by its name what it needs
  }
})()

describe.skipIf(!hasPython)('zip reader against a zip written by python3', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scalenas-zip-'))
  const file = join(folder, 'sample.zip')
  execFileSync('python3', ['-c', WRITE_ZIP, file])
  const fd = openSync(file, 'r')
  const entries = [...zipEntries(fd)]
  afterAll(() => {
    closeSync(fd)
    rmSync(folder, { recursive: true })
  })
  const entryNamed = (name: string) => {
    const found = entries.find((entry) => entry.name === name)
    if (!found) {
      throw new Error(`no entry ${name}`)
    }
    return found
  }

  it('lists all entries, folders included', () => {
    expect(entries.map(({ name, size }) => [name, size])).toEqual([
      ['folder/', 0],
      ['folder/long.txt', 30_000],
      ['plain.bin', 256],
    ])
  })

  it('reads stored and deflated entries', () => {
    expect(readZipEntry(fd, entryNamed('folder/long.txt')).toString()).toBe('scale '.repeat(5000))
    expect([...readZipEntry(fd, entryNamed('plain.bin'))]).toEqual(
      Array.from({ length: 256 }, (_, index) => index),
    )
  })

  it.each(['folder/long.txt', 'plain.bin'])(
    'extracts %s to a file and counts the packed bytes',
    async (name) => {
      const entry = entryNamed(name)
      const target = join(folder, 'extracted')
      let counted = 0
      await extractZipEntry(file, fd, entry, target, (count) => (counted += count))
      expect(readFileSync(target)).toEqual(readZipEntry(fd, entry))
      expect(counted).toBe(entry.packedSize)
    },
  )

  it('refuses a file that is no zip', () => {
    const other = join(folder, 'other')
    writeFileSync(other, 'not a zip')
    const otherFd = openSync(other, 'r')
    expect(() => [...zipEntries(otherFd)]).toThrow('not a zip file')
    closeSync(otherFd)
  })
})
