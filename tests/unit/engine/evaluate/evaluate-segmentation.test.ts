import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluateSegmentation } from '../../../../src-main/engine/evaluate/evaluate-segmentation.ts'
import { decodeIndexMap } from '../../../../src-main/datasets/index-map-png.ts'
import { createTemporaryFolder } from '../../../support/engine-core.ts'

const WIDTH = 13
const HEIGHT = 9
const values = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => (at * 7) % 5)
const grey = (data: Uint8Array) =>
  sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } }).toColourspace('b-w')

describe('decodeIndexMap', () => {
  const expectValues = (file: Buffer, want: ArrayLike<number>): void => {
    const { width, height, values: got } = decodeIndexMap(file)
    expect([width, height]).toEqual([WIDTH, HEIGHT])
    expect(Array.from(got)).toEqual(Array.from(want))
  }

  it('reads grey, interlaced, colour of equal channels, 16 bits and packed palettes', async () => {
    expectValues(await grey(values).png().toBuffer(), values)
    expectValues(await grey(values).png({ progressive: true }).toBuffer(), values)
    expectValues(
      await sharp(await grey(values).png().toBuffer())
        .toColourspace('srgb')
        .png()
        .toBuffer(),
      values,
    )
    const large = Uint16Array.from(values, (value) => value * 257 + 3)
    const deep = sharp(large, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } })
    expectValues(await deep.toColourspace('grey16').png().toBuffer(), large)
    const palette = await grey(Uint8Array.from(values, (value) => value * 50))
      .png({ palette: true })
      .toBuffer()
    expect(palette.readUInt8(25)).toBe(3)
    // The encoder orders its palette: equal colours must give equal indices, different ones different indices.
    const seen = new Map<number, Set<number>>()
    decodeIndexMap(palette).values.forEach((index, at) => {
      seen.set(values[at] ?? -1, (seen.get(values[at] ?? -1) ?? new Set()).add(index))
    })
    expect(Array.from(seen.values(), (indices) => indices.size)).toEqual([1, 1, 1, 1, 1])
  })

  it('refuses what holds no labels', async () => {
    expect(() => decodeIndexMap(Buffer.from('no picture'))).toThrow('no PNG')
    const jpeg = await grey(values).jpeg().toBuffer()
    expect(() => decodeIndexMap(jpeg)).toThrow('no PNG')
    const colours = await sharp({ create: { width: 4, height: 4, channels: 3, background: '#ff0000' } })
      .png()
      .toBuffer()
    expect(() => decodeIndexMap(colours)).toThrow('colour picture')
    const whole = await grey(values).png().toBuffer()
    expect(() => decodeIndexMap(whole.subarray(0, whole.length - 40))).toThrow()
    const huge = Buffer.from(whole)
    huge.writeUInt32BE(30_000, 16)
    huge.writeUInt32BE(30_000, 20)
    expect(() => decodeIndexMap(huge)).toThrow('30000 × 30000')
  })
})

describe('evaluateSegmentation', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  const path = (name: string): string => join(folder.folder, name)
  const write = async (name: string, data: Uint8Array): Promise<void> => {
    mkdirSync(join(path(name), '..'), { recursive: true })
    writeFileSync(path(name), await grey(data).png().toBuffer())
  }
  const evaluate = (prediction: string, classes = 5) =>
    evaluateSegmentation({
      truthFolder: path('truth'),
      predictionFolder: path(prediction),
      classes,
      ignoreLabel: 255,
      onProgress: () => undefined,
      signal: new AbortController().signal,
    })
  beforeAll(async () => {
    folder = createTemporaryFolder()
    const ignored = values.map((value, at) => (at < 10 ? 255 : value))
    await write('truth/a/one.png', ignored)
    await write('truth/two.png', values)
  })
  afterAll(() => {
    folder.remove()
  })

  it('pairs by path or by the only file of that name, and counts like a loop over pixels', async () => {
    const predicted = values.map((value, at) => (at % 4 === 0 ? 0 : value))
    await write('flat/one.png', predicted)
    await write('flat/two.PNG', values)
    await write('flat/three.png', values)
    const { confusion, meanIou, pixelAccuracy, images, pixels, notes } = await evaluate('flat')
    const want = Array.from({ length: 5 }, () => [0, 0, 0, 0, 0])
    values.forEach((value, at) => {
      const rows =
        at < 10
          ? [[value, value]]
          : [
              [value, predicted[at] ?? 0],
              [value, value],
            ]
      rows.forEach(([truth = 0, prediction = 0]) => {
        const row = want[truth] ?? []
        row[prediction] = (row[prediction] ?? 0) + 1
      })
    })
    expect(confusion).toEqual(want)
    expect([images, pixels]).toEqual([2, WIDTH * HEIGHT * 2 - 10])
    const correct = want.map((row, i) => row[i] ?? 0)
    expect(pixelAccuracy).toBeCloseTo(correct.reduce((a, b) => a + b) / pixels, 12)
    const iou = correct.map((hits, i) => {
      const truth = (want[i] ?? []).reduce((a, b) => a + b)
      return hits / (truth + want.reduce((sum, row) => sum + (row[i] ?? 0), 0) - hits)
    })
    expect(meanIou).toBeCloseTo(iou.reduce((a, b) => a + b) / 5, 12)
    expect(notes).toEqual(['1 predictions have no truth of their name and were left out.'])
  })

  it('says which file does not fit', async () => {
    await expect(evaluate('nowhere')).rejects.toThrow(/predictions .*nowhere cannot be read/)
    await write('part/two.png', values)
    await expect(evaluate('part')).rejects.toThrow(/lacks the predictions of 1 of 2 label maps: a\/one/)
    await write('wide/a/one.png', values)
    writeFileSync(path('wide/two.png'), await grey(values).resize(20, 9).png().toBuffer())
    await expect(evaluate('wide')).rejects.toThrow(/two\.png is 20 × 9, its truth .*two\.png is 13 × 9/)
    await expect(evaluate('flat', 4)).rejects.toThrow(/truth\/a\/one\.png has label 4 at column/)
    await write(
      'strange/a/one.png',
      values.map((value, at) => (at < 10 ? 255 : value)),
    )
    await write(
      'strange/two.png',
      values.map((value, at) => (at === 20 ? 200 : value)),
    )
    await expect(evaluate('strange')).rejects.toThrow(/strange\/two\.png has label 200 at column 7, row 1/)
  })
})
