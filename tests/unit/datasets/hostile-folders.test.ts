import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deflateSync, inflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { checkImageFile, decodeImage } from '../../../src-main/datasets/image-file.ts'
import { inspectDatasetFolder } from '../../../src-main/datasets/open-dataset.ts'
import { decodeIndexMap } from '../../../src-main/datasets/index-map-png.ts'
import { makePipe } from '../../support/make-pipe.ts'
import { makePng, pngChunk } from '../../support/make-png.ts'
import { cocoOf, useFolders, writeCamvid, writeCoco, type MadeCoco } from './made-folders.ts'

const makeFolder = useFolders()

async function makeCoco(change: (train: MadeCoco) => void = () => undefined): Promise<string> {
  const path = await makeFolder()
  const train = cocoOf('t', 12, 17, 1)
  change(train)
  await writeCoco(path, 'train.json', train)
  await writeCoco(path, 'val.json', cocoOf('v', 3, 17, 101))
  return path
}

const linesOf = ({ leftOut }: Awaited<ReturnType<typeof inspectDatasetFolder>>) =>
  leftOut.map(({ reason, count, example }) => `${String(count)} ${reason}, ${example}`)

describe.runIf(process.platform !== 'win32')('pipes in a data set', { timeout: 60_000 }, () => {
  it('are left out by name where pictures and label maps should be', async () => {
    const path = await makeCoco()
    await rm(join(path, 'images', 't1.jpg'))
    makePipe(join(path, 'images', 't1.jpg'))
    expect(linesOf(await inspectDatasetFolder(path, null))).toEqual([
      '1 picture cannot be read: it is a named pipe; only regular files are read, t1.jpg',
    ])
    const streets = await makeFolder()
    const stems = Array.from({ length: 8 }, (_, index) => `clip${String(index)}_00`)
    await writeCamvid(streets, { train: stems, test: ['far_01', 'far_02'] })
    await rm(join(streets, 'train', 'labels', 'clip3_00.png'))
    makePipe(join(streets, 'train', 'labels', 'clip3_00.png'))
    expect(linesOf(await inspectDatasetFolder(streets, null))).toEqual([
      '1 label map cannot be read: it is a named pipe; only regular files are read, train/clip3_00',
    ])
  })

  it('are refused by name where annotations should be', async () => {
    const path = await makeCoco()
    await rm(join(path, 'annotations', 'val.json'))
    makePipe(join(path, 'annotations', 'val.json'))
    await expect(inspectDatasetFolder(path, null)).rejects.toMatchObject({
      code: 'DATASET',
      message: 'annotations/val.json cannot be read: it is a named pipe; only regular files are read',
    })
    await rm(join(path, 'annotations', 'val.json'))
    await mkdir(join(path, 'annotations', 'val.json'))
    await expect(inspectDatasetFolder(path, 'coco')).rejects.toThrow('it is a folder; only regular files')
  })

  it('keep no process from its end', async () => {
    const path = await makeCoco()
    await rm(join(path, 'images', 't1.jpg'))
    makePipe(join(path, 'images', 't1.jpg'))
    const child = new URL('inspect-child.ts', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(process.execPath, [child, path], { timeout: 50_000 })
    expect(stdout).toContain('named pipe')
  })
})

describe('annotation files as Windows editors and Python write them', () => {
  it.each([
    ['a UTF-8 mark', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16, big end first', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ])('are read with %s', async (_, encode) => {
    const path = await makeCoco()
    for (const name of ['train.json', 'val.json']) {
      const file = join(path, 'annotations', name)
      await writeFile(file, encode(await readFile(file, 'utf8')))
    }
    const { splits } = await inspectDatasetFolder(path, null)
    expect(splits.train + splits.search + splits.report).toBe(15)
  })

  it('are refused with the place of a NaN', async () => {
    const path = await makeCoco()
    const file = join(path, 'annotations', 'train.json')
    await writeFile(file, (await readFile(file, 'utf8')).replace('"area":200', '"area":NaN'))
    await expect(inspectDatasetFolder(path, null)).rejects.toThrow(
      /train\.json is not a COCO keypoint file: it holds NaN, which is no number of JSON \(line 1, column \d+\)/,
    )
  })
})

describe('numbers and names that are there twice', () => {
  it('a joint name is refused', async () => {
    const path = await makeCoco((train) => {
      train.categories = [{ id: 1, name: 'person', keypoints: Array.from({ length: 17 }, () => 'nose') }]
    })
    await expect(inspectDatasetFolder(path, null)).rejects.toThrow(
      'keypoints has the joint "nose" twice; each joint needs a name of its own',
    )
  })

  it('a picture number leaves out the persons of both pictures', async () => {
    const path = await makeCoco((train) => {
      const [first, second] = train.images
      if (first !== undefined && second !== undefined) {
        second.id = first.id
      }
    })
    expect(linesOf(await inspectDatasetFolder(path, null))).toEqual([
      '1 number of the picture is used for several pictures, annotation 10 of train.json',
      '1 annotation without its picture in the list of images, annotation 20 of train.json',
    ])
  })

  it('an annotation number is told, and within one picture left out', async () => {
    const path = await makeCoco((train) => {
      const [first, second, third, fourth] = train.annotations
      if (first !== undefined && second !== undefined && third !== undefined && fourth !== undefined) {
        second.id = first.id
        fourth.id = third.id
        fourth.image_id = third.image_id
      }
    })
    const facts = await inspectDatasetFolder(path, null)
    expect(linesOf(facts)).toEqual(['1 annotation number is used twice, t3.jpg'])
    expect(facts.warnings).toContain(
      '2 annotations of train.json have the number of another one; numbers should be unique',
    )
  })

  it('a joint name cannot steer a terminal', async () => {
    const joints = Array.from({ length: 17 }, (_, joint) => `j\u001b[2J${String(joint)}`)
    const path = await makeCoco((train) => {
      train.categories = [{ id: 1, name: 'person', keypoints: joints }]
    })
    const val = cocoOf('v', 3, 17, 101)
    val.categories = [{ id: 1, name: 'person', keypoints: joints }]
    await writeCoco(path, 'val.json', val)
    const { skeleton } = await inspectDatasetFolder(path, null)
    expect(skeleton?.joints[0]).toBe('j\\u001b[2J0')
  })
})

describe('PNGs that are not what they promise', { timeout: 60_000 }, () => {
  it('a header that promises 8000 x 8000 over ten rows is refused when the data set is checked', async () => {
    const folder = await makeFolder()
    const file = join(folder, 'tall.png')
    await writeFile(file, makePng({ width: 8000, height: 8000, colourType: 2, rows: 10 }))
    const before = process.memoryUsage().rss
    expect(await checkImageFile(file)).toEqual({
      ok: false,
      reason: 'picture cannot be decoded',
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20)
    await expect(decodeImage(file)).rejects.toThrow('tall.png cannot be decoded')
  })

  it.each([
    ['grey', 0, 8],
    ['one bit', 0, 1],
    ['colour', 2, 8],
    ['16 bits with alpha', 6, 16],
  ] as const)('a whole one of %s is sound, a row less is not', async (_, colourType, bits) => {
    const folder = await makeFolder()
    const file = join(folder, 'a.png')
    await writeFile(file, makePng({ width: 37, height: 21, colourType, bits }))
    expect(await checkImageFile(file)).toMatchObject({ ok: true, header: { width: 37, height: 21 } })
    await writeFile(file, makePng({ width: 37, height: 21, colourType, bits, rows: 20 }))
    expect(await checkImageFile(file)).toMatchObject({ ok: false })
  })

  it('an interlaced one is sound, and so is one with bytes after its data', async () => {
    const folder = await makeFolder()
    const file = join(folder, 'a.png')
    await sharp({ create: { width: 29, height: 17, channels: 3, background: 'red' } })
      .png({ progressive: true })
      .toFile(file)
    expect(await checkImageFile(file)).toMatchObject({ ok: true })
    await writeFile(file, makePng({ width: 29, height: 17, colourType: 2, trailing: 100_000 }))
    expect(await checkImageFile(file)).toMatchObject({ ok: true })
  })

  // Finds of the fuzzer: their check sums fit, a decoder refuses them, and so must the check.
  it.each([
    ['a row with a filter that does not exist', (png: Buffer) => withRows(png, (rows) => rows.fill(9, 0, 1))],
    ['two headers', (png: Buffer) => Buffer.concat([png.subarray(0, 33), png.subarray(8)])],
    ['no header', (png: Buffer) => Buffer.concat([png.subarray(0, 8), png.subarray(33)])],
    ['no palette', (png: Buffer) => without(png, 'PLTE')],
    ['no data', (png: Buffer) => without(png, 'IDAT')],
    ['data that do not end', (png: Buffer) => withData(png, (data) => data.subarray(0, -6))],
  ])('%s is refused', async (_, spoil) => {
    const folder = await makeFolder()
    const file = join(folder, 'a.png')
    await writeFile(file, spoil(makePng({ width: 24, height: 16, colourType: 3 })))
    await expect(decodeImage(file)).rejects.toThrow('cannot be decoded')
    expect(await checkImageFile(file)).toMatchObject({ ok: false })
  })

  it('a picture in place of another of the same name answers for itself', async () => {
    const folder = await makeFolder()
    const file = join(folder, 'a.png')
    // libvips keeps what is interlaced, as it is never read row by row.
    await sharp({ create: { width: 24, height: 16, channels: 3, background: 'red' } })
      .png({ progressive: true })
      .toFile(file)
    expect(await checkImageFile(file)).toMatchObject({ ok: true, header: { width: 24 } })
    await writeFile(file, makePng({ width: 31, height: 16, colourType: 0 }))
    expect(await checkImageFile(file)).toMatchObject({ ok: true, header: { width: 31 } })
  })

  it('an index map whose check sum does not fit is no truth', () => {
    const png = makePng({ width: 8, height: 8, colourType: 3 })
    expect(decodeIndexMap(png).width).toBe(8)
    png[png.indexOf('IDAT') + 5] = (png[png.indexOf('IDAT') + 5] ?? 0) ^ 1
    expect(() => decodeIndexMap(png)).toThrow('a check sum does not fit')
  })
})

function without(png: Buffer, name: string): Buffer {
  const at = png.indexOf(name) - 4
  return Buffer.concat([png.subarray(0, at), png.subarray(at + 12 + png.readUInt32BE(at))])
}

function withData(png: Buffer, change: (data: Buffer) => Buffer): Buffer {
  const at = png.indexOf('IDAT') - 4
  const end = at + 12 + png.readUInt32BE(at)
  return Buffer.concat([
    png.subarray(0, at),
    pngChunk('IDAT', change(png.subarray(at + 8, end - 4))),
    png.subarray(end),
  ])
}

function withRows(png: Buffer, change: (rows: Buffer) => Buffer): Buffer {
  return withData(png, (data) => deflateSync(change(inflateSync(data))))
}
