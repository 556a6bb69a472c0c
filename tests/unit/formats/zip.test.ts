import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import { isZip, openZip } from '../../../src-main/formats/zip.ts'
import { makeZip, u32 } from '../../support/make-zip.ts'

const files = new Map([
  ['a.txt', Buffer.from('hello hello hello hello')],
  ['folder/empty', Buffer.alloc(0)],
  ['größe.bin', Buffer.alloc(5000, 7)],
])

/** Replaces the first occurrence of some bytes. */
function patched(archive: Buffer, before: Buffer, after: Buffer): Buffer {
  const at = archive.indexOf(before)
  expect(at).toBeGreaterThanOrEqual(0)
  const copy = Buffer.from(archive)
  after.copy(copy, at)
  return copy
}

describe('zip archives', () => {
  it.each([
    ['stored', {}],
    ['deflated', { deflated: true }],
    ['stored zip64', { zip64: true }],
    ['deflated zip64', { deflated: true, zip64: true }],
  ])('%s give every entry by name', (_kind, options) => {
    const archive = makeZip(files, options)
    expect(isZip(archive)).toBe(true)
    const { entries, read } = openZip(archive, { checksums: true })
    expect([...entries.keys()]).toEqual([...files.keys()])
    for (const [name, entry] of entries) {
      expect(Buffer.from(read(entry)), name).toEqual(files.get(name))
    }
  })

  it('may have a comment behind the end record', () => {
    const archive = Buffer.concat([makeZip(files), Buffer.from('a comment')])
    expect(openZip(archive, { checksums: true }).entries.size).toBe(3)
  })

  it('whose contents changed are refused by their checksum, unless the writer leaves checksums out', () => {
    const changed = patched(makeZip(files), Buffer.from('hello hello'), Buffer.from('jello'))
    const sum = u32(crc32(Buffer.from('hello hello hello hello')))
    const without = patched(patched(changed, sum, u32(0)), sum, u32(0))
    const read = (archive: Buffer, checksums: boolean) => {
      const zip = openZip(archive, { checksums })
      const entry = zip.entries.get('a.txt')
      return entry === undefined ? null : Buffer.from(zip.read(entry)).toString()
    }
    expect(() => read(changed, true)).toThrow(/"a\.txt" is damaged/)
    expect(() => read(changed, false)).toThrow(/"a\.txt" is damaged/)
    expect(() => read(without, true)).toThrow(/"a\.txt" is damaged/)
    expect(read(without, false)).toBe('jello hello hello hello')
  })

  it.each([
    ['without an end record', makeZip(files).subarray(0, -22), /no end record/],
    [
      'of a claimed 4 billion bytes',
      patched(
        makeZip(new Map([['z', Buffer.alloc(99_999)]])),
        Buffer.concat([u32(99_999), u32(99_999), Buffer.of(1, 0, 0, 0, 0, 0)]),
        Buffer.concat([u32(99_999), u32(0xfffffff0)]),
      ),
      /claim \d+ bytes, at most/,
    ],
    [
      'of more entries than fit',
      patched(
        makeZip(files),
        Buffer.from('504b0506000000000300', 'hex'),
        Buffer.from('504b050600000000ffffffff', 'hex'),
      ),
      /claims 65535 entries/,
    ],
    [
      'with an unknown method',
      patched(
        makeZip(files),
        Buffer.from('504b01022d002d00000000', 'hex'),
        Buffer.from('504b01022d002d0000000c', 'hex'),
      ),
      /uses method 12/,
    ],
    [
      'that are encrypted',
      patched(
        makeZip(files),
        Buffer.from('504b01022d002d000000', 'hex'),
        Buffer.from('504b01022d002d000100', 'hex'),
      ),
      /is encrypted/,
    ],
  ])('%s are refused', (_what, archive, message) => {
    expect(() => {
      const { entries, read } = openZip(archive, { checksums: true })
      for (const entry of entries.values()) {
        read(entry)
      }
    }).toThrow(message)
  })

  it('that unpack to more than they say are stopped', () => {
    // A million zeros deflate to a thousand bytes; the directory says 10.
    const archive = makeZip(new Map([['bomb', Buffer.alloc(1_000_000)]]), { deflated: true })
    const lying = Buffer.from(archive)
    lying.writeUInt32LE(10, archive.lastIndexOf(Buffer.from('504b0102', 'hex')) + 24)
    const { entries, read } = openZip(lying, { checksums: true })
    const entry = entries.get('bomb')
    expect(entry).toBeDefined()
    if (entry !== undefined) {
      expect(() => read(entry)).toThrow(/"bomb" cannot be unpacked/)
    }
  })

  it('with two entries of one name are refused', () => {
    const archive = makeZip(
      new Map([
        ['same1', Buffer.of(1)],
        ['same2', Buffer.of(2)],
      ]),
    )
    const at = archive.lastIndexOf('same2')
    archive.write('same1', at)
    expect(() => openZip(archive, { checksums: true })).toThrow(/two entries have the name "same1"/)
  })

  it('cut off at any length are refused or read, never a crash', () => {
    const archive = makeZip(files, { deflated: true })
    for (let length = 0; length < archive.length; length++) {
      expect(() => openZip(archive.subarray(0, length), { checksums: true }), String(length)).toThrow(
        EngineError,
      )
    }
  })
})
