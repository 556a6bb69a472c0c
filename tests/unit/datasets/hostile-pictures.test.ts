import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkImageFile, decodeImage } from '../../../src-main/datasets/image-file.ts'
import { checkLabelMap, indexTable } from '../../../src-main/datasets/label-map.ts'
import { openDataset } from '../../../src-main/datasets/open-dataset.ts'
import { makePng } from '../../support/make-png.ts'
import { cocoOf, configOf, makeFolder, writeCoco, writePicture } from './made-folders.ts'

const run = promisify(execFile)
const child = new URL('hostile-child.ts', import.meta.url).pathname
let folder = ''
const file = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = await makeFolder()
  await writePicture(file('good.jpg'), 40, 30)
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

/** A PNG whose header promises a size that its pixels do not have. */
function pngOfSize(width: number, height: number): Buffer {
  const chunk = (type: string, body: Buffer): Buffer => {
    const typed = Buffer.concat([Buffer.from(type, 'latin1'), body])
    const frame = Buffer.alloc(8)
    frame.writeUInt32BE(body.length, 0)
    frame.writeUInt32BE(crc32(typed), 4)
    return Buffer.concat([frame.subarray(0, 4), typed, frame.subarray(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 0, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(64))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** A JPEG with another size in its frame header. */
async function jpegOfSize(width: number, height: number): Promise<Buffer> {
  const bytes = await sharp({ create: { width: 16, height: 16, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer()
  const at = bytes.indexOf(Buffer.from([0xff, 0xc0]))
  bytes.writeUInt16BE(height, at + 5)
  bytes.writeUInt16BE(width, at + 7)
  return bytes
}

const LAUGHS = Array.from(
  { length: 9 },
  (_, level) => `<!ENTITY l${String(level + 1)} "${`&l${String(level)};`.repeat(10)}">`,
).join('')
const SVG_BOMB = `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY l0 "lol">${LAUGHS}]><svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"><text>&l9;</text></svg>`

describe('hostile pictures', () => {
  /** What a process may grow by while it refuses a file: the decoders' own tables, far below the 900 MB that are claimed. */
  const MOST_GROWTH_KILOBYTES = 60 * 1024

  it.each([
    [
      'a PNG header of 30,000 x 30,000',
      'huge.png',
      () => pngOfSize(30_000, 30_000),
      'more than 64 megapixels',
    ],
    [
      'a JPEG header of 30,000 x 30,000',
      'huge.jpg',
      () => jpegOfSize(30_000, 30_000),
      'more than 64 megapixels',
    ],
    ['an SVG entity bomb', 'bomb.svg', () => SVG_BOMB, 'SVG and other XML is not read'],
    ['an SVG with the name of a JPEG', 'bomb.jpg', () => SVG_BOMB, 'SVG and other XML is not read'],
    ['no bytes', 'empty.jpg', () => '', 'is empty'],
  ])('refuses %s by name before memory is spent', { timeout: 60_000 }, async (_, name, make, reason) => {
    await writeFile(file(name), await make())
    const { stdout } = await run(process.execPath, [child, file(name), file('good.jpg')])
    const told = JSON.parse(stdout) as {
      check: { ok: boolean; reason?: string }
      labels: { ok: boolean }
      decoded: string | null
      grownKilobytes: number
    }
    expect(told.check).toMatchObject({ ok: false, reason: expect.stringContaining(reason) as string })
    expect(told.labels.ok).toBe(false)
    expect(told.decoded).toContain(file(name))
    expect(told.grownKilobytes).toBeLessThan(MOST_GROWTH_KILOBYTES)
  })

  it('shrinks no row of half a million colours to look at it', { timeout: 60_000 }, async () => {
    // A find of the fuzzer: 76 bytes took 816 MB. Some rows of four megabytes are on their way through a decoder at a time.
    await writeFile(
      file('wide.png'),
      makePng({ width: 524_312, height: 16, colourType: 6, bits: 16, rows: 1 }),
    )
    const { stdout } = await run(process.execPath, [child, file('wide.png'), file('good.jpg')])
    const told = JSON.parse(stdout) as { check: unknown; grownKilobytes: number }
    expect(told.check).toEqual({ ok: false, reason: 'picture cannot be decoded' })
    expect(told.grownKilobytes).toBeLessThan(200 * 1024)
  })

  it('finds a PNG that is damaged in its middle, though both ends are whole', async () => {
    const noise = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, (_, at) => (at * 7919) >> 3))
    const bytes = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toBuffer()
    bytes.fill(0x5a, bytes.length >> 1, (bytes.length >> 1) + 40)
    await writeFile(file('middle.png'), bytes)
    expect(await checkImageFile(file('middle.png'))).toEqual({
      ok: false,
      reason: 'picture cannot be decoded',
    })
  })

  it('goes by the content, not by the extension', async () => {
    await sharp(file('good.jpg')).png().toFile(file('really.png'))
    await writeFile(file('named.jpg'), await readFile(file('really.png')))
    expect(await checkImageFile(file('named.jpg'))).toMatchObject({
      ok: true,
      header: { width: 40, height: 30 },
    })
    expect((await decodeImage(file('named.jpg'))).data).toEqual((await decodeImage(file('good.jpg'))).data)
  })

  it.each(['gif', 'webp'] as const)('takes the first frame of an animated %s', async (format) => {
    const frames = Buffer.alloc(8 * 8 * 2 * 3)
    frames.fill(255, 8 * 8 * 3)
    const strip = sharp(frames, { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } })
    const name = file(`two.${format}`)
    await (
      format === 'gif' ? strip.gif({ delay: [100, 100] }) : strip.webp({ lossless: true, delay: [100, 100] })
    ).toFile(name)
    expect(await checkImageFile(name)).toMatchObject({
      ok: true,
      header: { width: 8, height: 8, isAnimated: true },
    })
    const image = await decodeImage(name)
    expect([image.width, image.height, Math.max(...image.data)]).toEqual([8, 8, 0])
  })

  it('reads an EXIF-turned picture as stored, or turned where only that fits the annotation', async () => {
    const path = await makeFolder()
    const train = cocoOf('t', 4, 17, 1)
    await writeCoco(path, 'train.json', train)
    await writeCoco(path, 'val.json', cocoOf('v', 1, 17, 101))
    // Stored 30 x 40 with orientation 6: shown it is 40 x 30, which is what the annotation says; red is on top as shown.
    const stored = Buffer.alloc(30 * 40 * 3)
    for (let row = 0; row < 40; row++) {
      for (let column = 0; column < 15; column++) {
        stored[(row * 30 + column) * 3] = 255
      }
    }
    await sharp(stored, { raw: { width: 30, height: 40, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toFile(join(path, 'images', 't1.jpg'))
    // This one fits as it is stored, so its orientation does not count.
    await sharp(join(path, 'images', 't2.jpg'))
      .withMetadata({ orientation: 3 })
      .toFile(file('t2.jpg'))
    await writeFile(join(path, 'images', 't2.jpg'), await readFile(file('t2.jpg')))
    const dataset = await openDataset(configOf('coco', path), 'pose', 1)
    expect(dataset.facts.leftOut).toEqual([])
    if (dataset.kind !== 'pose') {
      throw new Error('not a pose data set')
    }
    const all = [...dataset.splits.train, ...dataset.splits.search]
    const turned = all.find(({ imageKey }) => imageKey === 't1.jpg')
    const plain = all.find(({ imageKey }) => imageKey === 't2.jpg')
    if (turned === undefined || plain === undefined) {
      throw new Error('a sample is missing')
    }
    const image = await dataset.loadImage(turned)
    expect([image.width, image.height]).toEqual([40, 30])
    // Orientation 6 turns by 90 degrees clockwise: the stored left becomes the top.
    const redAt = (x: number, y: number) => image.data[(y * 40 + x) * 3] ?? 0
    expect([redAt(5, 3) > 200, redAt(35, 3) > 200, redAt(5, 26) < 60, redAt(35, 26) < 60]).toEqual([
      true,
      true,
      true,
      true,
    ])
    const asStored = await decodeImage(join(path, 'images', 't2.jpg'))
    expect((await dataset.loadImage(plain)).data).toEqual(asStored.data)
    await rm(path, { recursive: true })
  })

  it('keeps a data set usable when one picture of each kind is bad, and names each', async () => {
    const path = await makeFolder()
    await writeCoco(path, 'train.json', cocoOf('t', 12, 17, 1))
    await writeCoco(path, 'val.json', cocoOf('v', 2, 17, 101))
    const put = async (name: string, bytes: string | Buffer) => writeFile(join(path, 'images', name), bytes)
    await put('t1.jpg', '')
    await put('t2.jpg', SVG_BOMB)
    await put('t3.jpg', await jpegOfSize(30_000, 30_000))
    await put('t4.jpg', (await readFile(join(path, 'images', 't4.jpg'))).subarray(0, 400))
    await put('t5.jpg', 'no picture at all')
    await rm(join(path, 'images', 't6.jpg'))
    await mkdir(join(path, 'images', 't6.jpg'))
    const { facts } = await openDataset(configOf('coco', path), 'pose', 1)
    expect(facts.splits.train + facts.splits.search).toBe(6)
    expect(facts.leftOut.map(({ reason, example }) => `${example}: ${reason}`)).toEqual(
      [
        't1.jpg: picture file is empty',
        't2.jpg: SVG and other XML is not read as a picture',
        't3.jpg: picture of more than 64 megapixels',
        't4.jpg: picture cannot be decoded',
        't5.jpg: picture cannot be decoded: not a JPEG, PNG, WebP, GIF or TIFF file',
      ].concat(facts.leftOut.slice(5).map(({ reason, example }) => `${example}: ${reason}`)),
    )
    expect(facts.leftOut.reduce((sum, { count }) => sum + count, 0)).toBe(6)
    await rm(path, { recursive: true })
  })
})

describe('hostile label maps', () => {
  const rules = { width: 6, height: 4, table: indexTable(3, 255) }
  const grey = (bits: number) => {
    const rows = Array.from({ length: 4 }, (_, row) => {
      const packed = Buffer.alloc(1 + Math.ceil((6 * bits) / 8))
      for (let column = 0; column < 6; column++) {
        const at = 1 + Math.floor((column * bits) / 8)
        const value = (row + column) % 3
        packed[at] = (packed[at] ?? 0) | (value << (8 - bits * ((column % (8 / bits)) + 1)))
      }
      return packed
    })
    const png = pngOfSize(6, 4)
    png[24] = bits
    const end = png.indexOf('IDAT') - 4
    const body = deflateSync(Buffer.concat(rows))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(body.length)
    const typed = Buffer.concat([Buffer.from('IDAT'), body])
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(typed))
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29)
    return Buffer.concat([png.subarray(0, end), length, typed, sum, png.subarray(png.length - 12)])
  }

  it.each([2, 4, 8])('reads grey maps of %i bits by their stored values', async (bits) => {
    await writeFile(file(`grey${String(bits)}.png`), grey(bits))
    const check = await checkLabelMap(file(`grey${String(bits)}.png`), rules)
    expect(check.ok ? Array.from(check.map.labels) : check.reason).toEqual(
      Array.from({ length: 24 }, (_, at) => (Math.floor(at / 6) + (at % 6)) % 3),
    )
  })

  it('names another size, 16 bits, an illegal value and another format', async () => {
    const reasonOf = async (name: string, changes = {}) => {
      const check = await checkLabelMap(file(name), { ...rules, ...changes })
      return check.ok ? 'fine' : check.reason
    }
    await writeFile(file('label.png'), grey(8))
    expect(await reasonOf('label.png')).toBe('fine')
    expect(await reasonOf('label.png', { width: 7 })).toBe('label map has another size than its picture')
    expect(await reasonOf('label.png', { table: indexTable(2, 255) })).toBe(
      'label map has values that are neither a class nor the ignore label',
    )
    await sharp(Buffer.alloc(6 * 4 * 2), {
      raw: { width: 6, height: 4, channels: 1, depth: 'ushort' } as never,
    })
      .toColourspace('grey16')
      .png()
      .toFile(file('deep.png'))
    expect(await reasonOf('deep.png')).toContain('allowed are 8 bits')
    await writePicture(file('label.jpg'), 6, 4)
    expect(await reasonOf('label.jpg')).toBe('label map is not a PNG')
  })
})
