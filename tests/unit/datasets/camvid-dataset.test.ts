import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { openCamvidDataset } from '../../../src-main/datasets/camvid/camvid-dataset.ts'
import { cutClips } from '../../../src-main/datasets/cut-clips.ts'
import { useFolders, writeCamvid, writeLabels } from './made-folders.ts'

const newFolder = useFolders()

const stems = (clip: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${clip}_${String(index).padStart(4, '0')}`)

async function folderWith(splits: Record<string, readonly string[]>): Promise<string> {
  const folder = await newFolder()
  await writeCamvid(folder, splits)
  return folder
}

const open = (path: string) =>
  openCamvidDataset({ path, config: { searchFraction: 0.2 }, seed: 1, cacheBytes: 1e6 })

describe('openCamvidDataset', () => {
  it('takes a whole clip for the search and test before val for the report', async () => {
    const folder = await folderWith({
      train: [...stems('a', 8), ...stems('b', 2)],
      val: stems('a', 2),
      test_x: stems('c', 3),
    })
    const dataset = await open(folder)
    expect(dataset.facts.splits).toEqual({ train: 8, search: 2, report: 3 })
    expect(dataset.splits.search.map((sample) => sample.clip)).toEqual(['b', 'b'])
    expect(dataset.facts.found).toEqual([
      '13 pictures with label maps, 24 x 16 pixels',
      '4 classes; label 4 is not counted (16.7 % of the pixels)',
      'Sky 25.0 %, Road 25.0 %, Boat 25.0 %, Car 25.0 %',
      'report split: test_x',
      'search split: 1 whole clip(s), b (2 frames)',
      'val is not used',
    ])
    expect(dataset.classes.palette).toEqual([
      '#8fd0ff',
      '#7d78b8',
      expect.stringMatching(/^#[0-9a-f]{6}$/),
      '#3f7bff',
    ])
    const first = dataset.splits.train[0]
    expect(first).toBeDefined()
    if (first !== undefined) {
      const { image, labels } = await dataset.load(first)
      expect([image.width, image.height, labels.length]).toEqual([24, 16, 384])
      expect(Array.from(labels.subarray(0, 6))).toEqual([0, 1, 2, 3, 4, 0])
    }
  })

  it('names what it leaves out', async () => {
    const folder = await folderWith({ train: [...stems('a', 12), ...stems('b', 3)], val: stems('v', 2) })
    const labels = join(folder, 'train', 'labels')
    await rm(join(labels, 'a_0000.png'))
    await rm(join(folder, 'train', 'images', 'a_0001.jpg'))
    await writeLabels(join(labels, 'a_0002.png'), 23, 16, 3)
    await writeLabels(join(labels, 'a_0003.png'), 24, 16, 7)
    await sharp({ create: { width: 24, height: 16, channels: 3, background: '#ff0000' } })
      .png()
      .toFile(join(labels, 'a_0004.png'))
    await writeFile(join(labels, 'a_0005.png'), 'not a picture')
    const { facts } = await open(folder)
    expect(facts.splits).toEqual({ train: 6, search: 3, report: 2 })
    expect(facts.leftOut).toEqual([
      { reason: 'label map without its picture', count: 1, example: 'train/labels/a_0001.png' },
      { reason: 'picture without its label map', count: 1, example: 'train/images/a_0000.jpg' },
      { reason: 'label map has another size than its picture', count: 1, example: 'train/a_0002' },
      {
        reason: 'label map has values that are neither a class nor the ignore label',
        count: 1,
        example: 'train/a_0003',
      },
      {
        reason:
          'label map is a colour picture; allowed are grey or palette PNGs whose values are class indices',
        count: 1,
        example: 'train/a_0004',
      },
      {
        reason: 'label map cannot be decoded: not a JPEG, PNG, WebP, GIF or TIFF file',
        count: 1,
        example: 'train/a_0005',
      },
    ])
  })

  it('says which folder, file or field is missing', async () => {
    const folder = await folderWith({ train: stems('a', 4) })
    await expect(open(folder)).rejects.toThrow(
      'needs train and test* or val*, each with images and labels; found train',
    )
    await writeFile(join(folder, 'meta.json'), '{"classes": ["Sky", "Road"]}')
    await expect(open(folder)).rejects.toThrow('ignore_label must be a whole number from 0 to 255')
    await rm(join(folder, 'meta.json'))
    await expect(open(folder)).rejects.toThrow('meta.json cannot be read')
  })
})

describe('cutClips', () => {
  it('keeps the clip that the report split continues in training, where another clip can serve', () => {
    const clip = (name: string, frames: number): { id: string; clip: string }[] =>
      Array.from({ length: frames }, (_, index) => ({ id: `${name}_${String(index)}`, clip: name }))
    const camvid = [...clip('0001TP', 62), ...clip('0006R0', 101), ...clip('0016E5', 204)]
    for (const seed of [0, 1, 2, 3, 4, 5]) {
      const cut = cutClips(camvid, 0.2, seed, new Set(['0001TP']))
      expect(new Set(cut.search.map((frame) => frame.clip))).toEqual(new Set(['0006R0']))
      expect(cut.train).toHaveLength(62 + 204)
    }
  })

  const frames = (clip: string, count: number) => stems(clip, count).map((id) => ({ id, clip }))

  it('never cuts a clip apart when whole ones come near the wanted share', () => {
    const all = [...frames('a', 50), ...frames('b', 30), ...frames('c', 10), ...frames('d', 10)]
    for (let seed = 0; seed < 20; seed++) {
      const cut = cutClips(all, 0.15, seed)
      expect(cut.isInsideClip).toBe(false)
      expect(cut.search.length).toBeGreaterThanOrEqual(8)
      expect(cut.search.length).toBeLessThanOrEqual(30)
      const clips = new Set(cut.search.map((frame) => frame.clip))
      expect(cut.train.some((frame) => clips.has(frame.clip))).toBe(false)
      expect(cut.train.length + cut.search.length).toBe(100)
    }
  })

  it('takes whole sequences where whole clips are too large, and never cuts a sequence apart', () => {
    const city = (name: string): { id: string; clip: string; sequence: string }[] =>
      Array.from({ length: 40 }, (_, index) => ({
        id: `${name}_${String(index)}`,
        clip: name,
        sequence: `${name}_${String(Math.floor(index / 4))}`,
      }))
    for (let seed = 0; seed < 20; seed++) {
      const cut = cutClips([...city('aachen'), ...city('bochum')], 0.15, seed)
      expect(cut.search.length).toBe(12)
      const sequences = new Set(cut.search.map((frame) => frame.sequence))
      expect(cut.train.some((frame) => sequences.has(frame.sequence))).toBe(false)
      expect(cut.isInsideClip).toBe(false)
    }
  })

  it('takes a clip larger than asked for rather than cut one apart', () => {
    for (let seed = 0; seed < 20; seed++) {
      const cut = cutClips([...frames('a', 10), ...frames('b', 12)], 0.1, seed)
      expect(new Set(cut.search.map((frame) => frame.clip))).toEqual(new Set(['a']))
      expect(cut.isInsideClip).toBe(false)
    }
  })

  it('cuts a block with a gap out of a single clip', () => {
    const all = frames('a', 60)
    for (let seed = 0; seed < 20; seed++) {
      const cut = cutClips(all, 0.2, seed)
      expect(cut.isInsideClip).toBe(true)
      expect(cut.search.length).toBe(12)
      expect(cut.train.length + cut.search.length + cut.gap.length).toBe(60)
      const place = (frame: { id: string }) => all.findIndex((other) => other.id === frame.id)
      const first = place(cut.search[0] ?? { id: '' })
      const last = place(cut.search.at(-1) ?? { id: '' })
      expect(last - first).toBe(11)
      for (const frame of cut.train) {
        const at = place(frame)
        expect(at < first - 4 || at > last + 4 || cut.gap.length < 8).toBe(true)
        expect(at < first || at > last).toBe(true)
      }
    }
  })
})
