import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import sharp from 'sharp'
import type { PoseTaskConfig } from '../contract/index.ts'
import { openCocoDataset } from './coco/coco-dataset.ts'
import type { PoseDataset } from './dataset.ts'
import { assemblePoseBatch } from './pose-batch.ts'
import { sampleRandom } from './sample-random.ts'
import { COCO_17 } from './skeletons.ts'

export interface LoaderBenchmarkOptions {
  /** A COCO key-point folder; null makes JPEG pictures of COCO's size in a temporary folder, seeded. */
  readonly path?: string | null
  /** Size of the crops; default 256 x 192, the published input for COCO. */
  readonly inputHeight?: number
  readonly inputWidth?: number
  /** Wall seconds of each of the two measurements; default 2. */
  readonly seconds?: number
}

export interface LoaderPace {
  readonly images: number
  readonly seconds: number
  /** Processor seconds of the whole process, all threads together. */
  readonly cpuSeconds: number
  readonly imagesPerSecond: number
  /** Images per processor second: what one core would deliver. */
  readonly imagesPerSecondPerCore: number
}

export interface LoaderBenchmark {
  /** What was read, for a person. */
  readonly source: string
  readonly inputHeight: number
  readonly inputWidth: number
  /** JPEG from the disk (of the system's file cache), decoded, augmented, cropped, targets drawn. */
  readonly decoding: LoaderPace
  /** The same with the decoded pictures kept in memory, as from the second epoch of a data set that fits the budget. */
  readonly cached: LoaderPace
}

/** The published augmentation (method.md 5.5). */
const AUGMENTATION: PoseTaskConfig = {
  sigma: null,
  augment: true,
  halfBodyProbability: 0.3,
  scaleFactor: 0.35,
  rotationFactor: 45,
  rotationProbability: 0.6,
  flipProbability: 0.5,
}
const BATCH = 16
/** COCO's most frequent size. */
const PICTURE = { width: 640, height: 480 } as const
const PICTURES = 32
const CACHE_BYTES = 256 * 1024 * 1024

/**
 * How many training crops a core reads, warps and labels per second, on the thread of the caller (decoding uses the threads of
 * libuv; the figure per core counts them). Nothing else should run meanwhile.
 *
 * @throws EngineError DATASET if the folder cannot be used.
 */
export async function benchmarkLoader(options: LoaderBenchmarkOptions = {}): Promise<LoaderBenchmark> {
  const { inputHeight = 256, inputWidth = 192, seconds = 2 } = options
  const made = typeof options.path === 'string' ? null : await makePictures()
  try {
    const path = options.path ?? made ?? ''
    const open = (cacheBytes: number) =>
      openCocoDataset({ path, config: { searchFraction: 0.1 }, seed: 1, cacheBytes })
    const measure = (dataset: PoseDataset) => measurePace(dataset, { inputHeight, inputWidth }, seconds)
    const decoding = await measure(await open(0))
    const cached = await measure(await open(CACHE_BYTES))
    const source =
      made === null ? path : `made JPEG pictures of ${String(PICTURE.width)} x ${String(PICTURE.height)}`
    return { source, inputHeight, inputWidth, decoding, cached }
  } finally {
    if (made !== null) {
      await rm(made, { recursive: true, force: true })
    }
  }
}

async function measurePace(
  dataset: PoseDataset,
  size: { readonly inputHeight: number; readonly inputWidth: number },
  seconds: number,
): Promise<LoaderPace> {
  const samples = dataset.splits.train
  const takeBatch = (batch: number) =>
    assemblePoseBatch(
      dataset,
      Array.from({ length: BATCH }, (_, slot) => {
        const number = batch * BATCH + slot
        const sample = samples[number % samples.length]
        if (sample === undefined) {
          throw new RangeError('benchmarkLoader: the training split is empty')
        }
        return { sample, random: sampleRandom('bench', number) }
      }),
      size,
      AUGMENTATION,
    )
  // One pass first: code is compiled, files are in the system's cache, and kept pictures are kept.
  const firstPass = Math.ceil(Math.min(samples.length, MOST_WARM_UP_IMAGES) / BATCH)
  for (let batch = 0; batch < firstPass; batch++) {
    await takeBatch(batch)
  }
  const started = performance.now()
  const cpu = process.cpuUsage()
  let batches = 0
  while (performance.now() - started < seconds * 1000) {
    await takeBatch(batches++)
  }
  const wall = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const images = batches * BATCH
  const cpuSeconds = (user + system) / 1e6
  return {
    images,
    seconds: wall,
    cpuSeconds,
    imagesPerSecond: images / wall,
    imagesPerSecondPerCore: images / cpuSeconds,
  }
}

/** A large folder is not read whole before it is measured. */
const MOST_WARM_UP_IMAGES = 256

/**
 * A COCO folder of seeded pictures with the detail of photographs: blurred noise at two scales; one person in each.
 *
 * @returns The folder, a temporary one that the caller removes.
 */
export async function makePictures(pictures = PICTURES): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scalenas-bench-'))
  await mkdir(join(folder, 'annotations'))
  await mkdir(join(folder, 'images'))
  const ids = Array.from({ length: pictures }, (_, index) => index + 1)
  for (const id of ids) {
    await writePicture(join(folder, 'images', `${String(id)}.jpg`), id)
  }
  await writeFile(
    join(folder, 'annotations', 'person_keypoints_train.json'),
    JSON.stringify({
      images: ids.map((id) => ({ id, file_name: `${String(id)}.jpg`, ...PICTURE })),
      annotations: ids.map(annotate),
      categories: [{ id: 1, name: 'person', keypoints: COCO_17.joints, skeleton: [] }],
    }),
  )
  return folder
}

async function writePicture(path: string, id: number): Promise<void> {
  const random = sampleRandom('bench picture', id)
  const { width, height } = PICTURE
  const noise = (columns: number, rows: number): Buffer =>
    Buffer.from(Uint8Array.from({ length: columns * rows * 3 }, () => random.int(256)))
  const coarse = await sharp(noise(32, 24), { raw: { width: 32, height: 24, channels: 3 } })
    .resize(width, height, { kernel: 'cubic' })
    .raw()
    .toBuffer()
  const fine = await sharp(noise(width / 2, height / 2), {
    raw: { width: width / 2, height: height / 2, channels: 3 },
  })
    .resize(width, height, { kernel: 'cubic' })
    .raw()
    .toBuffer()
  const mixed = coarse.map((value, at) => Math.round(0.85 * value + 0.15 * (fine[at] ?? 0)))
  await sharp(mixed, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toFile(path)
}

/** A person of 180 to 400 pixels height somewhere in the picture, all joints labelled. */
function annotate(id: number): unknown {
  const random = sampleRandom('bench person', id)
  const height = 180 + random.int(220)
  const width = Math.round(height * (0.35 + 0.3 * random.next()))
  const left = random.int(PICTURE.width - width)
  const top = random.int(PICTURE.height - height)
  const keypoints = COCO_17.joints.flatMap(() => [left + random.int(width), top + random.int(height), 2])
  return {
    id,
    image_id: id,
    category_id: 1,
    bbox: [left, top, width, height],
    area: Math.round(0.53 * width * height),
    iscrowd: 0,
    keypoints,
    num_keypoints: COCO_17.joints.length,
  }
}
