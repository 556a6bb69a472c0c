import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkImageFile, decodeImage } from '../../../src-main/datasets/image-file.ts'
import { makeFolder, writePicture } from './made-folders.ts'

let folder = ''
const file = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

/** A PNG whose header promises a size that nobody decodes. */
function pngOfSize(width: number, height: number): Buffer {
  const chunk = (type: string, body: Buffer): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(body.length)
    const typed = Buffer.concat([Buffer.from(type, 'latin1'), body])
    const crc = Buffer.alloc(4)
    crc.writeUInt32BE(crc32(typed))
    return Buffer.concat([length, typed, crc])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(16))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
    }
  }
  return (crc ^ 0xffffffff) >>> 0
}

describe('checkImageFile', () => {
  it('tells size and bytes of a good picture', async () => {
    await writePicture(file('good.jpg'), 20, 10)
    const { length } = await readFile(file('good.jpg'))
    expect(await checkImageFile(file('good.jpg'))).toEqual({
      ok: true,
      header: { width: 20, height: 10, bytes: length, isTurned: false, isAnimated: false },
    })
  })

  it('finds a JPEG that ends too early, though its header is whole', async () => {
    await writePicture(file('cut.jpg'), 200, 100)
    const bytes = await readFile(file('cut.jpg'))
    await writeFile(file('cut.jpg'), bytes.subarray(0, Math.floor(bytes.length / 2)))
    expect(await checkImageFile(file('cut.jpg'))).toEqual({ ok: false, reason: 'picture cannot be decoded' })
  })

  it('accepts bytes after the end of a JPEG', async () => {
    await writePicture(file('tail.jpg'), 20, 10)
    await writeFile(file('tail.jpg'), Buffer.concat([await readFile(file('tail.jpg')), Buffer.alloc(600)]))
    expect(await checkImageFile(file('tail.jpg'))).toMatchObject({ ok: true })
  })

  it('refuses a picture of more than 64 megapixels without decoding it', async () => {
    await writeFile(file('huge.png'), pngOfSize(20_000, 20_000))
    expect(await checkImageFile(file('huge.png'))).toMatchObject({ ok: false })
  })

  it('tells a missing file from a broken one', async () => {
    expect(await checkImageFile(file('none.jpg'))).toEqual({ ok: false, reason: 'picture file is missing' })
    await writeFile(file('text.jpg'), 'hello')
    expect(await checkImageFile(file('text.jpg'))).toEqual({
      ok: false,
      reason: 'picture cannot be decoded: not a JPEG, PNG, WebP, GIF or TIFF file',
    })
  })
})

describe('decodeImage', () => {
  const red = () => sharp({ create: { width: 6, height: 4, channels: 3, background: '#ff0000' } })

  it.each([
    ['grey', () => red().greyscale().png(), 'grey.png'],
    ['CMYK', () => red().toColourspace('cmyk').jpeg({ quality: 95 }), 'cmyk.jpg'],
    ['16 bits', () => red().toColourspace('rgb16').png(), 'deep.png'],
    ['alpha', () => red().ensureAlpha(0.5).png(), 'alpha.png'],
    ['a palette', () => red().png({ palette: true }), 'palette.png'],
  ])('gives 8-bit RGB of a picture with %s', async (_, make, name) => {
    await make().toFile(file(name))
    const image = await decodeImage(file(name))
    expect([image.width, image.height, image.data.length]).toEqual([6, 4, 72])
    const [r = 0, g = 0, b = 0] = image.data
    if (name === 'grey.png') {
      expect([g, b]).toEqual([r, r])
    } else {
      expect(r).toBeGreaterThan(200)
      expect(Math.max(g, b)).toBeLessThan(40)
    }
  })

  it('keeps the stored pixel order whatever the EXIF orientation says', async () => {
    const data = Buffer.from([255, 0, 0, 0, 255, 0])
    await sharp(data, { raw: { width: 2, height: 1, channels: 3 } })
      .resize(40, 20, { kernel: 'nearest' })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toFile(file('turned.jpg'))
    const image = await decodeImage(file('turned.jpg'))
    expect([image.width, image.height]).toEqual([40, 20])
    expect(image.data[0]).toBeGreaterThan(200)
    expect(image.data[39 * 3 + 1]).toBeGreaterThan(200)
  })

  it('cuts before it resizes', async () => {
    await writePicture(file('cutout.png'), 30, 20)
    const whole = await decodeImage(file('cutout.png'))
    const part = await decodeImage(file('cutout.png'), { cut: { left: 4, top: 3, width: 10, height: 5 } })
    expect([part.width, part.height]).toEqual([10, 5])
    expect(Array.from(part.data.subarray(0, 30))).toEqual(
      Array.from(whole.data.subarray((3 * 30 + 4) * 3, (3 * 30 + 14) * 3)),
    )
  })

  it('fails by the name of the file', async () => {
    await expect(decodeImage(file('none.jpg'))).rejects.toMatchObject({
      code: 'DATASET',
      message: expect.stringContaining('none.jpg cannot be decoded') as string,
    })
  })
})
