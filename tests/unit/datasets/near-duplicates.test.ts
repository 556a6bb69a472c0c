import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { openCocoDataset } from '../../../src-main/datasets/coco/coco-dataset.ts'
import { openFolderDataset } from '../../../src-main/datasets/folder/folder-dataset.ts'
import { findLookalikes, groupNearDuplicates, NEAR_BITS } from '../../../src-main/datasets/near-duplicates.ts'
import { nearIdentities } from '../../../src-main/datasets/near-pictures.ts'
import { HASH_BITS, hashDistance, hashGrey, hashWords } from '../../../src-main/datasets/perceptual-hash.ts'
import { PictureIndex } from '../../../src-main/datasets/picture-index.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { cocoOf, makeFolder, writeCoco, writeLabels } from './made-folders.ts'

const folders: string[] = []
async function folder(): Promise<string> {
  const made = await makeFolder()
  folders.push(made)
  return made
}
afterAll(async () => {
  for (const made of folders) {
    await rm(made, { recursive: true })
  }
})

/** A scene of its own for each seed: smooth blobs of light on a slope, as photographs are at a small size. */
async function scene(seed: number): Promise<Buffer> {
  const random = createRandom(seed)
  const [width, height] = [160, 120]
  const draw = (): number => random.int(1000) / 1000
  const blobs = Array.from({ length: 14 }, () => ({ x: draw(), y: draw(), size: draw(), value: draw() }))
  const data = Buffer.alloc(width * height * 3)
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [(at % width) / width, Math.floor(at / width) / height]
    const light = blobs.reduce(
      (sum, blob) =>
        sum +
        (blob.value - 0.5) * Math.exp(-((x - blob.x) ** 2 + (y - blob.y) ** 2) / (0.004 + 0.03 * blob.size)),
      0.5,
    )
    data.fill(Math.round(255 * Math.min(1, Math.max(0, light))), at * 3, at * 3 + 3)
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}

const COPIES = {
  half: (image: Buffer) => sharp(image).resize(80).jpeg(),
  recompressed: (image: Buffer) => sharp(image).jpeg({ quality: 30 }),
  brighter: (image: Buffer) => sharp(image).linear(1, 20).jpeg(),
  darker: (image: Buffer) => sharp(image).linear(0.8, 0).jpeg(),
}

describe('perceptual hashes', () => {
  it('follow their definition: one bit for each pair of neighbours, across and down', () => {
    const random = createRandom(3)
    const grey = Array.from({ length: 81 }, () => random.int(256))
    const own: number[] = []
    for (let row = 0; row < 9; row++) {
      for (let column = 0; column < 8; column++) {
        own.push(Number((grey[row * 9 + column] ?? 0) < (grey[row * 9 + column + 1] ?? 0)))
      }
    }
    for (let row = 0; row < 9; row++) {
      for (let column = 0; column < 8; column++) {
        own.push(Number((grey[column * 9 + row] ?? 0) < (grey[(column + 1) * 9 + row] ?? 0)))
      }
    }
    const words = hashWords(hashGrey(grey))
    const bits = own.map((_, bit) => ((words[bit >>> 5] ?? 0) >>> (bit & 31)) & 1)
    expect(own).toHaveLength(HASH_BITS)
    // Down: the order of the bits is that of the formula, which the sum over all bits does not hide.
    expect(bits.slice(0, 72)).toEqual(own.slice(0, 72))
    expect(bits.slice(72).toSorted()).toEqual(own.slice(72).toSorted())
    expect(
      hashDistance(
        words,
        words.map((word) => ~word),
      ),
    ).toBe(words.length * 32)
  })

  it('say nothing of pictures without contrast', () => {
    expect(hashGrey(new Array<number>(81).fill(90))).toBe('')
  })
})

describe('groupNearDuplicates', () => {
  it('is the transitive closure of every pair within the limit', () => {
    const random = createRandom(11)
    const hashes = new Map<string, string>()
    const flip = (hash: string, bits: number): string => {
      const words = hashWords(hash)
      for (let at = 0; at < bits; at++) {
        const bit = random.int(HASH_BITS)
        words[bit >>> 5] = ((words[bit >>> 5] ?? 0) ^ (1 << (bit & 31))) >>> 0
      }
      return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('')
    }
    for (let seed = 0; seed < 40; seed++) {
      let hash = hashGrey(Array.from({ length: 81 }, () => random.int(256)))
      for (let copy = 0; copy < 1 + (seed % 5); copy++) {
        hashes.set(`p${String(seed)}-${String(copy)}`, hash)
        hash = flip(hash, random.int(2 * NEAR_BITS))
      }
    }
    const keys = [...hashes.keys()]
    const group = new Map(keys.map((key) => [key, key]))
    for (const a of keys) {
      for (const b of keys) {
        const distance = hashDistance(hashWords(hashes.get(a) ?? ''), hashWords(hashes.get(b) ?? ''))
        if (distance <= NEAR_BITS) {
          const [from, to] = [group.get(b), group.get(a) ?? a]
          keys.filter((key) => group.get(key) === from).forEach((key) => group.set(key, to))
        }
      }
    }
    const own = [...Map.groupBy(keys, (key) => group.get(key)).values()]
      .filter((members) => members.length > 1)
      .map((members) => members.toSorted().join())
    const found = groupNearDuplicates(hashes).map((members) => members.join())
    expect(found.toSorted()).toEqual(own.toSorted())
    expect(found.length).toBeGreaterThan(10)
  })

  it('gives the copies of a picture and those that look like it one identity', () => {
    const identities = new Map([
      ['a', 'a'],
      ['b', 'b'],
      ['b2', 'b'],
      ['c', 'c'],
      ['d', 'd'],
    ])
    const merged = nearIdentities(identities, [['a', 'b2'], ['c']])
    expect([merged.get('a'), merged.get('b'), merged.get('b2')]).toEqual(['a', 'a', 'a'])
    expect([merged.get('c'), merged.get('d')]).toEqual(['c', 'd'])
  })
})

describe('findLookalikes', () => {
  it('finds for each picture the first of the known within the limit, as comparing all with all does', () => {
    const random = createRandom(5)
    const changed = (hash: string, bits: number): string => {
      const words = hashWords(hash)
      for (let at = 0; at < bits; at++) {
        const bit = random.int(HASH_BITS)
        words[bit >>> 5] = ((words[bit >>> 5] ?? 0) ^ (1 << (bit & 31))) >>> 0
      }
      return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('')
    }
    const known = new Map<string, string>([['flat', '']])
    const others = new Map<string, string>([['flat too', '']])
    for (let at = 0; at < 60; at++) {
      const hash = hashGrey(Array.from({ length: 81 }, () => random.int(256)))
      known.set(`k${String(at)}`, hash)
      known.set(`c${String(at)}`, changed(hash, random.int(8)))
      others.set(`o${String(at)}`, changed(hash, random.int(3 * NEAR_BITS)))
    }
    const expected = [...others].flatMap(([key, hash]) => {
      const near = [...known]
        .filter(
          ([, own]) =>
            own !== '' && hash !== '' && hashDistance(hashWords(own), hashWords(hash)) <= NEAR_BITS,
        )
        .map(([name]) => name)
        .toSorted()
      return near[0] === undefined ? [] : [[key, near[0]]]
    })
    expect([...findLookalikes(known, others)]).toEqual(expected)
    expect(expected.length).toBeGreaterThan(10)
    expect(expected.length).toBeLessThan(60)
  })
})

describe('data sets', () => {
  it('warn of report pictures that look like training pictures, and leave them where they are', async () => {
    const path = await folder()
    const [train, report] = [cocoOf('t', 12, 17, 1), cocoOf('v', 4, 17, 101)]
    await writeCoco(path, 'train.json', train)
    await writeCoco(path, 'val.json', report)
    const save = async (data: typeof train, pictures: readonly Buffer[]) => {
      for (const [index, image] of data.images.entries()) {
        await writeFile(join(path, 'images', image.file_name), pictures[index] ?? '')
        Object.assign(image, { width: undefined, height: undefined })
      }
    }
    const scenes = await Promise.all(Array.from({ length: 14 }, async (_, seed) => scene(seed)))
    await save(train, scenes)
    // Two copies that look alike, a copy of the file, and another picture.
    const [third = Buffer.alloc(0), fourth = Buffer.alloc(0), fifth = Buffer.alloc(0)] = scenes.slice(2)
    await save(report, [
      await COPIES.recompressed(third).toBuffer(),
      await COPIES.half(fourth).toBuffer(),
      fifth,
      scenes[13] ?? fifth,
    ])
    await writeFile(join(path, 'annotations', 'train.json'), JSON.stringify(train))
    await writeFile(join(path, 'annotations', 'val.json'), JSON.stringify(report))
    const open = async (nearDuplicates: 'group' | 'ignore') =>
      openCocoDataset({ path, config: { searchFraction: 0.25, nearDuplicates }, seed: 1, cacheBytes: 0 })
    const { facts, splits } = await open('group')
    const [first, third3] = [report.images[0]?.file_name, train.images[2]?.file_name]
    expect(facts.warnings).toContain(
      `2 of 4 report pictures look like training pictures (for example ${String(first)} and ${String(third3)}): ` +
        'scores on them say little about new pictures',
    )
    expect(splits.report).toHaveLength(4)
    expect(facts.warnings.join()).toMatch(/report split share 1 pictures/)
    expect((await open('ignore')).facts.warnings.join()).not.toContain('look like')
  })

  it('keep resized, recompressed and brighter copies on one side of the search cut; other pictures are left alone', async () => {
    const path = await folder()
    const train = cocoOf('t', 40, 17, 1)
    await writeCoco(path, 'train.json', train)
    await writeCoco(path, 'val.json', cocoOf('v', 1, 17, 101))
    // Eight scenes, each with its four copies; the annotation says no size, since copies differ in it.
    for (const [index, image] of train.images.entries()) {
      const make = Object.values(COPIES)[(index % 5) - 1]
      const picture = await scene(Math.floor(index / 5))
      await writeFile(
        join(path, 'images', image.file_name),
        await (make?.(picture) ?? sharp(picture)).toBuffer(),
      )
      Object.assign(image, { width: undefined, height: undefined })
    }
    await writeFile(join(path, 'annotations', 'train.json'), JSON.stringify(train))
    const sceneOf = (key: string): number => Math.floor((Number(key.slice(1, -4)) - 1) / 5)
    for (const seed of [1, 2, 3]) {
      const config = { searchFraction: 0.25 }
      const { splits, facts } = await openCocoDataset({ path, config, seed, cacheBytes: 0 })
      const searched = new Set(splits.search.map(({ imageKey }) => sceneOf(imageKey)))
      expect(searched.size).toBe(2)
      expect(splits.search).toHaveLength(10)
      expect(splits.train.some(({ imageKey }) => searched.has(sceneOf(imageKey)))).toBe(false)
      expect(facts.found.join()).toContain('40 training pictures look alike in 8 groups')
    }
    const ignored = await openCocoDataset({
      ...{ path, seed: 1, cacheBytes: 0 },
      config: { searchFraction: 0.25, nearDuplicates: 'ignore' },
    })
    const searched = new Set(ignored.splits.search.map(({ imageKey }) => sceneOf(imageKey)))
    expect(searched.size).toBeGreaterThan(2)
    expect(ignored.facts.found.join()).not.toContain('look alike')
  })

  it('of a plain folder leave training pictures out that look like one of the search split', async () => {
    const path = await folder()
    await writeFile(join(path, 'classes.txt'), 'a\nb\n')
    await mkdir(join(path, 'images'))
    await mkdir(join(path, 'labels'))
    for (let index = 0; index < 24; index++) {
      const name = `x${String.fromCharCode(97 + index)}`
      const copy = COPIES.recompressed(await scene(Math.floor(index / 2)))
      await writeFile(join(path, 'images', `${name}.jpg`), await copy.toBuffer())
      await writeLabels(join(path, 'labels', `${name}.png`), 160, 120, 2)
    }
    const sceneOf = (id: string): number => Math.floor(((id.at(-1)?.charCodeAt(0) ?? 0) - 97) / 2)
    const { splits } = await openFolderDataset({
      path,
      config: { searchFraction: 0.2 },
      seed: 4,
      cacheBytes: 0,
    })
    const searched = new Set(splits.search.map(({ id }) => sceneOf(id)))
    expect(splits.search.length).toBeGreaterThan(0)
    expect(splits.train.length).toBeGreaterThan(0)
    expect(splits.train.filter(({ id }) => searched.has(sceneOf(id)))).toEqual([])
  })
})

describe('picture index', () => {
  it('remembers what a picture is until its file changes', async () => {
    const [path, cache] = [await folder(), await folder()]
    const file = join(path, 'a.png')
    await writeFile(file, await scene(1))
    const first = await PictureIndex.open(cache, path)
    const check = await first.check(file)
    const hash = await first.hash(file, false)
    expect(first.groups(['a'], () => [['g7']])).toEqual([['g7']])
    await first.save()
    const second = await PictureIndex.open(cache, path)
    expect(await second.check(file)).toEqual(check)
    expect(await second.hash(file, false)).toBe(hash)
    expect(second.groups(['a'], () => [['g8']])).toEqual([['g7']])
    expect(second.groups(['b'], () => [['g8']])).toEqual([['g8']])
    await writeFile(
      file,
      await sharp(await scene(2))
        .resize(50, 40)
        .png()
        .toBuffer(),
    )
    await utimes(file, 1, 1)
    expect(await second.check(file)).toMatchObject({ ok: true, header: { width: 50, height: 40 } })
    expect(await second.hash(file, false)).not.toBe(hash)
    await rm(file)
    expect(await second.check(file)).toMatchObject({ ok: false })
  })
})
