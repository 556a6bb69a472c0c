import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import type { Value } from '../../../src-main/compute/network-ops.ts'
import type { RunConfig } from '../../../src-main/contract/index.ts'
import { COCO_17 } from '../../../src-main/datasets/skeletons.ts'
import { evaluateKeypoints } from '../../../src-main/engine/evaluate/evaluate-keypoints.ts'
import type { ScoreResult } from '../../../src-main/tasks/task.ts'
import { describeProtocol } from '../../../src-main/worker/protocol.ts'
import type { PictureThreadsChoice } from '../../../src-main/worker/open-scoring.ts'
import { openRunContext } from '../../../src-main/worker/run-context.ts'
import type { WorkerServices } from '../../../src-main/worker/worker-services.ts'
import { testBackends } from '../../support/backends.ts'
import { makeRunConfig } from '../datasets/made-run-config.ts'
import { LOADER_THREAD } from '../../support/loader-thread.ts'

/**
 * The report of a run with boxes of a detector against one written from method.md 5.5, 6.2 in float64 loops. The network is a formula of
 * the crop's pixels that answers with a peak where a joint's own colour is, so that a crop of another place gives another score.
 */

const JOINTS = 17
const [WIDTH, HEIGHT] = [160, 120]
const [INPUT_W, INPUT_H] = [48, 64]

type Box = readonly [number, number, number, number]
interface Person {
  readonly image: number
  readonly keypoints: readonly number[]
  readonly box: Box
  readonly isCrowd?: boolean
}

/** Spread over the cube of colours. */
const COLOURS = Array.from({ length: JOINTS }, (_, joint) => [
  (joint % 3) * 127,
  (Math.floor(joint / 3) % 3) * 127,
  60 + Math.floor(joint / 9) * 150,
])

let seed = 5
const random = (): number => {
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed / 2147483648
}

function makePerson(image: number, isCrowd = false): Person {
  const size = 36 + random() * 40
  const [left, top] = [2 + random() * (WIDTH - size - 4), 2 + random() * (HEIGHT - size - 4)]
  const keypoints = COLOURS.flatMap((_, joint) => [
    left + size * (0.1 + 0.25 * (joint % 4)) + random() * 4,
    top + size * (0.1 + 0.2 * Math.floor(joint / 4)) + random() * 4,
    isCrowd ? 0 : 2,
  ])
  return { image, keypoints, box: [left, top, size, size], isCrowd }
}

/** Pictures 1 to 6 to train on; to report on 11 to 16 with people, 17 with a crowd, 18 with nobody. */
const train = [1, 2, 3, 4, 5, 6].map((image) => makePerson(image))
const report = [...[11, 11, 12, 13, 14, 15, 16].map((image) => makePerson(image)), makePerson(17, true)]
const imagesOf = (ids: readonly number[]) =>
  ids.map((id) => ({ id, file_name: `${String(id)}.png`, width: WIDTH, height: HEIGHT }))
const annotationsOf = (persons: readonly Person[]) =>
  persons.map(({ image, keypoints, box, isCrowd }, index) => ({
    ...{ id: index + 1, image_id: image, category_id: 1, bbox: box, keypoints },
    ...{ area: box[2] * box[3] * 0.6, iscrowd: isCrowd === true ? 1 : 0, num_keypoints: JOINTS },
  }))
const category = { id: 1, name: 'person', keypoints: COCO_17.joints }
const truthFile = {
  images: imagesOf([11, 12, 13, 14, 15, 16, 17, 18]),
  annotations: annotationsOf(report),
  categories: [category],
}

/** What a detector might find: shifted boxes, repeats, somebody missed, boxes of nobody and beyond the border. */
function makeDetections() {
  const found = report.slice(0, 6).flatMap(({ image, box }) =>
    [0, 1].map((repeat) => ({
      ...{ image_id: image, category_id: 1, score: 0.3 + 0.7 * random() },
      bbox: box.map((value, at) => value + (random() - 0.5) * (repeat === 1 ? 0.5 : at < 2 ? 10 : 6)),
    })),
  )
  const nobody = [12, 17, 18].map((image_id) => ({
    ...{ image_id, category_id: 1, score: random(), bbox: [-20 + 60 * random(), 30 * random(), 70, 90] },
  }))
  return [...found, ...nobody, { image_id: 15, category_id: 1, score: 0.02, bbox: [3, 3, 40, 40] }]
}
const detections = makeDetections()

const folder = mkdtempSync(join(tmpdir(), 'scalenas-boxes-'))
const pixels = new Map<number, Uint8Array>()
let kernels: Kernels | null = null

beforeAll(async () => {
  mkdirSync(join(folder, 'annotations'))
  mkdirSync(join(folder, 'images'))
  const files = {
    'annotations/person_keypoints_train.json': {
      ...{ images: imagesOf([1, 2, 3, 4, 5, 6]), annotations: annotationsOf(train), categories: [category] },
    },
    'annotations/person_keypoints_val.json': truthFile,
    'boxes.json': detections,
    'truth-boxes.json': report
      .filter(({ isCrowd }) => isCrowd !== true)
      .map(({ image, box }) => ({
        // As method.md 5.5 clips annotated boxes: the far side is one pixel nearer.
        ...{ image_id: image, category_id: 1, score: 1, bbox: [box[0], box[1], box[2] - 1, box[3] - 1] },
      })),
  }
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), JSON.stringify(content))
  }
  for (const image of [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 17, 18]) {
    const data = draw([...train, ...report].filter((person) => person.image === image))
    pixels.set(image, data)
    await sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } }).toFile(
      join(folder, 'images', `${String(image)}.png`),
    )
  }
  kernels = (await testBackends()).find(({ name }) => name === 'wasm')?.kernels ?? null
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** Grey with a round spot of its own colour at each joint. */
function draw(persons: readonly Person[]): Uint8Array {
  const data = new Uint8Array(WIDTH * HEIGHT * 3).fill(128)
  for (const { keypoints } of persons) {
    COLOURS.forEach((colour, joint) => {
      const [x = 0, y = 0] = keypoints.slice(joint * 3)
      for (let row = Math.max(0, Math.floor(y) - 6); row < Math.min(HEIGHT, y + 6); row++) {
        for (let column = Math.max(0, Math.floor(x) - 6); column < Math.min(WIDTH, x + 6); column++) {
          const share = Math.exp(-((column - x) ** 2 + (row - y) ** 2) / 8)
          colour.forEach((value, channel) => {
            const at = (row * WIDTH + column) * 3 + channel
            data[at] = Math.round((data[at] ?? 0) * (1 - share) + value * share)
          })
        }
      }
    })
  }
  return data
}

/** Heat of a joint at a pixel of the normalised input. */
function heatOf(rgb: readonly number[], joint: number): number {
  const mean = [0.485, 0.456, 0.406]
  const deviation = [0.229, 0.224, 0.225]
  const distance = rgb.reduce((sum, value, channel) => {
    const colour = (COLOURS[joint]?.[channel] ?? 0) / 255
    return sum + ((value - (colour - (mean[channel] ?? 0)) / (deviation[channel] ?? 1)) * 0.6) ** 2
  }, 0)
  return Math.exp(-distance)
}

/** The network: heat maps at stride 4 from the pixel at the corner of each cell. */
function network(on: Kernels): (input: Value) => Value[] {
  return ({ handle, shape: [size = 0, height = 0, width = 0] }) => {
    const input = on.downloadSync(handle)
    const shape = [size, height / 4, width / 4, JOINTS]
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => {
      const joint = at % JOINTS
      const cell = Math.floor(at / JOINTS)
      const column = cell % (width / 4)
      const row = Math.floor(cell / (width / 4)) % (height / 4)
      const image = Math.floor(cell / ((width / 4) * (height / 4)))
      const from = ((image * height + row * 4) * width + column * 4) * 3
      return heatOf([...input.subarray(from, from + 3)], joint)
    })
    return [{ handle: on.upload(values, shape), shape }]
  }
}

async function scoreReport(
  change: Partial<RunConfig['dataset']>,
  keptPictureBytes?: number,
  pictureThreads: PictureThreadsChoice | null = null,
) {
  const base = makeRunConfig()
  const config: RunConfig = {
    ...base,
    network: { ...base.network, inputHeight: INPUT_H, inputWidth: INPUT_W },
    dataset: {
      ...{ ...base.dataset, source: 'coco', path: folder, searchFraction: 0.2, searchLimit: 99 },
      ...{ reportLimit: 99, ...change },
    },
    pose: { ...base.pose, metric: 'ap' },
    search: { ...base.search, flipTest: false },
  }
  if (kernels === null) {
    throw new Error('the WebAssembly backend does not open')
  }
  const run = await openRunContext(config, kernels, {
    ...(keptPictureBytes === undefined ? {} : { keptPictureBytes }),
    pictureThreads,
  })
  const images = run.scoring('report')
  const result = await images.score(kernels, network(kernels), { flipTest: false, batch: 4 })
  const services: WorkerServices = {
    backend: { kernels, refused: [] },
    ...{ loaderThreadUrl: new URL('file:///none'), threads: 1 },
  }
  const protocolOf = (split: 'search' | 'report') => describeProtocol(run, split, images.count, services)
  run.dispose()
  return { result, protocolOf }
}

describe('a report with boxes of a detector', () => {
  it('does not depend on how many crops stay in memory', async () => {
    const boxes = { detections: join(folder, 'boxes.json') }
    const kept = await scoreReport(boxes)
    expect((await scoreReport(boxes, 0)).result).toEqual(kept.result)
    // Room for three of them.
    expect((await scoreReport(boxes, 3 * INPUT_H * INPUT_W * 12)).result).toEqual(kept.result)
    expect((await scoreReport(boxes, 0, { threadUrl: LOADER_THREAD, threads: 2 })).result).toEqual(
      kept.result,
    )
  })

  it('scores what an own implementation of the protocol writes down', async () => {
    const { result } = await scoreReport({ detections: join(folder, 'boxes.json') })
    const own = ownDetections(0)
    const evaluation = evaluateKeypoints({
      truth: { file: 'val.json', value: truthFile },
      detections: { file: 'own.json', value: own },
      sigmas: null,
      areas: null,
    })
    // Repeats are suppressed.
    expect(own.length).toBeLessThan(detections.length)
    // Far from 0 and 1, so that a wrong box, score or suppression shows.
    expect(evaluation.numbers['AP']).toBeGreaterThan(0.1)
    expect(evaluation.numbers['AP']).toBeLessThan(0.9)
    // The same peaks and the same order; positions differ by float32 rounding, which moves OKS by far less than the gap to a threshold.
    for (const [name, metric] of [
      ['AP', 'ap'],
      ['AP50', 'ap50'],
      ['AP75', 'ap75'],
      ['AR', 'ar'],
    ] as const) {
      expect(result.metrics[metric], name).toBeCloseTo(evaluation.numbers[name] ?? NaN, 9)
    }
    expect(result.accuracy).toBe(result.metrics['ap'])
    expectSame(result, own)
  })

  it('leaves boxes below the threshold out', async () => {
    const { result } = await scoreReport({ detections: join(folder, 'boxes.json'), detectionThreshold: 0.6 })
    expectSame(result, ownDetections(0.6))
  })

  it('is that of annotated boxes where the detector finds just these, surely', async () => {
    const annotated = await scoreReport({})
    const detected = await scoreReport({ detections: join(folder, 'truth-boxes.json') })
    const byJoint = /^(joint .*|pck|scoredJoints|skippedSamples)$/
    const known = Object.entries(annotated.result.metrics).filter(([name]) => !byJoint.test(name))
    expect(detected.result.metrics).toEqual(Object.fromEntries(known))
    expect(detected.result.metrics['ap']).toBeGreaterThan(0.3)
    expect(detected.result.detections).toEqual(annotated.result.detections)
  })

  it('says so in its protocol; the search keeps annotated boxes', async () => {
    const { protocolOf } = await scoreReport({ detections: join(folder, 'boxes.json'), reportLimit: 4 })
    expect(protocolOf('report')).toMatchObject({
      ...{ metric: 'AP', split: 'report', boxes: 'detected', detectionFile: 'boxes.json' },
      ...{ detectionThreshold: 0, pictures: 4 },
      detectionFingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    })
    expect(protocolOf('search').boxes).toBe('annotated')
    expect(protocolOf('search')).not.toHaveProperty('detectionFile')
  })
})

interface OwnDetection {
  readonly image_id: number
  readonly category_id: 1
  readonly keypoints: number[]
  readonly score: number
}

function expectSame({ detections: found = [] }: ScoreResult, own: readonly OwnDetection[]): void {
  const byScore = <T extends { readonly score: number }>(list: readonly T[]): T[] =>
    list.toSorted((a, b) => b.score - a.score)
  expect(found).toHaveLength(own.length)
  const sorted = byScore(own)
  byScore(found).forEach((one, index) => {
    expect(one.image_id).toBe(sorted[index]?.image_id)
    // Heat maps are float32 values of order 1.
    expect(one.score).toBeCloseTo(sorted[index]?.score ?? NaN, 5)
    one.keypoints.forEach((value, at) => {
      expect(value).toBeCloseTo(sorted[index]?.keypoints[at] ?? NaN, 4)
    })
  })
}

/** method.md 5.5 steps 1 and 3, 6.2 steps 3 to 6, from the detection file and the pixels alone. */
function ownDetections(threshold: number): OwnDetection[] {
  const stored = JSON.parse(readFileSync(join(folder, 'boxes.json'), 'utf8')) as typeof detections
  const answers = stored
    .filter(({ score }) => score >= threshold)
    .map(({ image_id, bbox, score }) => ownAnswer(image_id, bbox, score))
  return [...new Set(answers.map(({ image_id }) => image_id))].flatMap((image) => {
    const rest = answers.filter(({ image_id }) => image_id === image).toSorted((a, b) => b.score - a.score)
    const kept: typeof rest = []
    for (const answer of rest) {
      if (kept.every((other) => ownSimilarity(other, answer) <= 0.9)) {
        kept.push(answer)
      }
    }
    return kept.map(({ image_id, keypoints, score }) => ({
      image_id,
      category_id: 1 as const,
      keypoints,
      score,
    }))
  })
}

function ownAnswer(image_id: number, bbox: readonly number[], boxScore: number) {
  const [x = 0, y = 0, w = 0, h = 0] = bbox
  const aspect = INPUT_W / INPUT_H
  const [wide, high] = w > aspect * h ? [w, w / aspect] : [aspect * h, h]
  const scale = [(wide / 200) * 1.25, (high / 200) * 1.25] as const
  const centre = [x + w / 2, y + h / 2] as const
  const zoom = (200 * scale[0]) / INPUT_W
  const [mapW, mapH] = [INPUT_W / 4, INPUT_H / 4]
  const keypoints: number[] = []
  const confidences: number[] = []
  for (let joint = 0; joint < JOINTS; joint++) {
    const heat = (column: number, row: number): number =>
      heatOf(
        ownPixel(
          image_id,
          centre[0] + (column * 4 - INPUT_W / 2) * zoom,
          centre[1] + (row * 4 - INPUT_H / 2) * zoom,
        ),
        joint,
      )
    let best = { value: -Infinity, column: 0, row: 0 }
    for (let row = 0; row < mapH; row++) {
      for (let column = 0; column < mapW; column++) {
        const value = heat(column, row)
        best = value > best.value ? { value, column, row } : best
      }
    }
    const { column, row } = best
    let [px, py] = [column, row]
    if (column > 1 && column < mapW - 1 && row > 1 && row < mapH - 1) {
      px += 0.25 * Math.sign(heat(column + 1, row) - heat(column - 1, row))
      py += 0.25 * Math.sign(heat(column, row + 1) - heat(column, row - 1))
    }
    keypoints.push(centre[0] + (px - mapW / 2) * zoom * 4, centre[1] + (py - mapH / 2) * zoom * 4, best.value)
    confidences.push(best.value)
  }
  const sure = confidences.filter((value) => value > 0.2)
  const mean = sure.length === 0 ? 0 : sure.reduce((a, b) => a + b, 0) / sure.length
  return { image_id, keypoints, score: boxScore * mean, area: 200 * scale[0] * 200 * scale[1] }
}

/** Bilinear, black outside, normalised. */
function ownPixel(image: number, x: number, y: number): number[] {
  const data = pixels.get(image) ?? new Uint8Array()
  const [left, top] = [Math.floor(x), Math.floor(y)]
  return [0.485, 0.456, 0.406].map((mean, channel) => {
    const tap = (column: number, row: number): number =>
      column < 0 || row < 0 || column >= WIDTH || row >= HEIGHT
        ? 0
        : (data[(row * WIDTH + column) * 3 + channel] ?? 0)
    const [fx, fy] = [x - left, y - top]
    const value =
      (1 - fy) * ((1 - fx) * tap(left, top) + fx * tap(left + 1, top)) +
      fy * ((1 - fx) * tap(left, top + 1) + fx * tap(left + 1, top + 1))
    return (value / 255 - mean) / ([0.229, 0.224, 0.225][channel] ?? 1)
  })
}

function ownSimilarity(
  a: { readonly keypoints: readonly number[]; readonly area: number },
  b: { readonly keypoints: readonly number[]; readonly area: number },
): number {
  const sigmas = [26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]
  const sum = sigmas.reduce((total, sigma, joint) => {
    const [ax = 0, ay = 0] = a.keypoints.slice(joint * 3)
    const [bx = 0, by = 0] = b.keypoints.slice(joint * 3)
    const variance = (2 * (sigma / 1000)) ** 2
    return total + Math.exp(-((ax - bx) ** 2 + (ay - by) ** 2) / variance / ((a.area + b.area) / 2) / 2)
  }, 0)
  return sum / sigmas.length
}
