import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLabelMap } from '../../../src-main/datasets/label-map.ts'
import { makeFolder, writeLabels } from './made-folders.ts'

let folder = ''
const file = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

describe('readLabelMap', () => {
  it.each([
    [2, 1],
    [4, 2],
    [16, 4],
    [200, 8],
  ])(
    'reads the indices of a palette of %i colours (%i bits a pixel): equal colours, equal labels',
    async (colors, bits) => {
      const width = 37
      const height = 23
      const pixel = (x: number, y: number) => (x * 7 + y * y * 3 + ((x * y) >> 2)) % colors
      // Far-apart colours, so that quantisation keeps each of them.
      const rgb = (index: number) => [(index * 97) % 256, (index * 57 + 30) % 256, (index * 193) % 256]
      const data = Buffer.from(
        Array.from({ length: width * height }, (_, at) =>
          rgb(pixel(at % width, Math.floor(at / width))),
        ).flat(),
      )
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png({ palette: true, colours: colors, dither: 0, quality: 100 })
        .toFile(file(`palette${String(colors)}.png`))
      const written = await sharp(file(`palette${String(colors)}.png`)).metadata()
      expect([written.isPalette, written.bitsPerSample]).toEqual([true, bits])
      const shown = await sharp(file(`palette${String(colors)}.png`))
        .removeAlpha()
        .raw()
        .toBuffer()
      const map = await readLabelMap(file(`palette${String(colors)}.png`))
      expect([map.width, map.height]).toEqual([width, height])
      const colorOf = new Map<number, string>()
      map.labels.forEach((label, at) => {
        const color = shown.subarray(at * 3, at * 3 + 3).toString('hex')
        expect(colorOf.get(label) ?? color).toBe(color)
        colorOf.set(label, color)
      })
      expect(colorOf.size).toBe(new Set(colorOf.values()).size)
      expect(colorOf.size).toBeGreaterThan(colors * 0.9)
    },
  )

  it('reads grey maps and maps with three equal channels', async () => {
    await writeLabels(file('grey.png'), 7, 2, 5)
    expect(Array.from((await readLabelMap(file('grey.png'))).labels)).toEqual([
      0, 1, 2, 3, 4, 0, 1, 0, 1, 2, 3, 4, 0, 1,
    ])
    const data = Buffer.from([3, 3, 3, 9, 9, 9])
    await sharp(data, { raw: { width: 2, height: 1, channels: 3 } })
      .png()
      .toFile(file('rgb.png'))
    expect(Array.from((await readLabelMap(file('rgb.png'))).labels)).toEqual([3, 9])
  })

  it('refuses 16 bits and colours by name', async () => {
    await sharp({ create: { width: 4, height: 4, channels: 3, background: '#ff0000' } })
      .png()
      .toFile(file('color.png'))
    await expect(readLabelMap(file('color.png'))).rejects.toThrow(
      'color.png cannot be read as a label map: label map is a colour',
    )
    await sharp({ create: { width: 4, height: 4, channels: 3, background: '#404040' } })
      .toColourspace('grey16')
      .png()
      .toFile(file('deep.png'))
    await expect(readLabelMap(file('deep.png'))).rejects.toMatchObject({
      code: 'DATASET',
      message: expect.stringContaining('allowed are 8 bits') as string,
    })
  })
})
