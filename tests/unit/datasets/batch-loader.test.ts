import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunConfig } from '../../../src-main/contract/index.ts'
import { openBatchLoader } from '../../../src-main/datasets/batch-loader.ts'
import type { Batch } from '../../../src-main/datasets/batch.ts'
import { openDataset } from '../../../src-main/datasets/open-dataset.ts'
import { cocoOf, makeFolder, writeCoco } from './made-folders.ts'
import { makeRunConfig } from './made-run-config.ts'

const threadUrl = new URL('../../../src-main/datasets/loader-thread.ts', import.meta.url)

async function openLoader(config: RunConfig, url: URL | null, startIteration = 0, threads = 1) {
  const dataset = await openDataset(config.dataset, config.task, config.seed)
  return openBatchLoader({ config, dataset, threadUrl: url, batch: 4, startIteration, threads })
}

async function takeBatches(
  config: RunConfig,
  url: URL | null,
  count: number,
  startIteration = 0,
  threads = 1,
): Promise<Batch[]> {
  const loader = await openLoader(config, url, startIteration, threads)
  try {
    const batches: Batch[] = []
    for (let taken = 0; taken < count; taken++) {
      batches.push(await loader.next())
    }
    return batches
  } finally {
    await loader.close()
  }
}

const segmentation = makeRunConfig({ task: 'segmentation' })
const bottomUp = makeRunConfig({
  task: 'bottom-up-pose',
  bottomUp: {
    ...{ sigma: 1, augment: true, scaleMin: 0.75, scaleMax: 1.5, rotationDegrees: 30, translation: 40 },
    ...{ flipProbability: 0.5, tagWeight: 0.001, mostPersons: 30, detectionThreshold: 0.1, tagThreshold: 1 },
    scales: [1],
  },
  network: { ...makeRunConfig().network, inputHeight: 32, inputWidth: 32 },
})

describe.each([
  ['pose', makeRunConfig()],
  ['segmentation', segmentation],
  ['bottom-up pose', bottomUp],
])('openBatchLoader, %s', (_, config) => {
  it(
    'gives the same batches from any number of threads, inline, and in a second run',
    { timeout: 60_000 },
    async () => {
      const inline = await takeBatches(config, null, 7)
      for (const threads of [1, 3]) {
        expect(await takeBatches(config, threadUrl, 7, 0, threads)).toEqual(inline)
      }
      expect(await takeBatches(config, null, 7)).toEqual(inline)
    },
  )

  it('resumes in the middle with the batch that an undisturbed run gives', async () => {
    const undisturbed = await takeBatches(config, null, 6)
    expect(await takeBatches(config, threadUrl, 2, 4)).toEqual(undisturbed.slice(4))
    expect(await takeBatches(config, threadUrl, 3, 3, 2)).toEqual(undisturbed.slice(3))
  })

  it('augments anew each epoch and depends on the seed', async () => {
    const batches = await takeBatches(config, null, 4)
    const other = await takeBatches({ ...config, seed: 4 }, null, 4)
    expect(other).not.toEqual(batches)
    const inputsOf = (batch: Batch | undefined, id: string) => {
      const at = batch?.ids.indexOf(id) ?? -1
      const size = (batch?.input.length ?? 0) / (batch?.ids.length ?? 1)
      return at < 0 ? null : batch?.input.slice(at * size, (at + 1) * size)
    }
    // Ten samples make two batches of four, so batches 0 and 1 are of epoch 0, and 2 and 3 of epoch 1.
    const shared =
      batches[0]?.ids.filter((id) => [...(batches[2]?.ids ?? []), ...(batches[3]?.ids ?? [])].includes(id)) ??
      []
    expect(shared.length).toBeGreaterThan(0)
    for (const id of shared) {
      expect(inputsOf(batches[2], id) ?? inputsOf(batches[3], id)).not.toEqual(inputsOf(batches[0], id))
    }
  })
})

describe('openBatchLoader', () => {
  it('gives finite inputs, peaks of 1 and weights of 0 or 1', async () => {
    const [batch] = await takeBatches(makeRunConfig(), null, 1)
    expect(batch?.kind).toBe('pose')
    if (batch?.kind === 'pose') {
      expect([batch.input.length, batch.target.length, batch.weights.length]).toEqual([
        4 * 32 * 48 * 3,
        4 * 8 * 12 * 14,
        4 * 14,
      ])
      expect(batch.input.every(Number.isFinite)).toBe(true)
      expect(Math.max(...batch.target)).toBe(1)
      expect(new Set(batch.weights)).toEqual(new Set([0, 1]))
    }
  })

  it('crops plainly when the task does not augment: both epochs show the same pictures', async () => {
    const config = makeRunConfig()
    const plain = { ...config, pose: { ...config.pose, augment: false } }
    const dataset = await openDataset(plain.dataset, 'pose', plain.seed)
    const loader = openBatchLoader({ config: plain, dataset, threadUrl: null, batch: 10 })
    const [first, second] = [await loader.next(), await loader.next()]
    const pictures = (batch: Batch) =>
      batch.ids.map((id, at) => `${id} ${batch.input.slice(at * 4608, (at + 1) * 4608).join()}`).toSorted()
    expect(pictures(second)).toEqual(pictures(first))
    expect(second.ids).not.toEqual(first.ids)
    await loader.close()
  })

  it('refuses to go on after close, with a thread and without', async () => {
    for (const url of [null, threadUrl]) {
      const loader = await openLoader(makeRunConfig(), url)
      await loader.next()
      await loader.close()
      await expect(loader.next()).rejects.toMatchObject({ code: 'CONFLICT' })
    }
  })

  it('passes on by name a picture that broke after the run began, and one that is gone', async () => {
    const path = await makeFolder()
    await writeCoco(path, 'train.json', cocoOf('t', 6, 17, 1))
    await writeCoco(path, 'dev.json', cocoOf('v', 1, 17, 11))
    const base = makeRunConfig()
    const config = makeRunConfig({ dataset: { ...base.dataset, source: 'coco', path } })
    const dataset = await openDataset(config.dataset, 'pose', config.seed)
    const inline = openBatchLoader({ config, dataset, threadUrl: null, batch: 4 })
    for (let picture = 1; picture <= 6; picture++) {
      await writeFile(join(path, 'images', `t${String(picture)}.jpg`), 'broken')
    }
    await expect(inline.next()).rejects.toMatchObject({ code: 'DATASET' })
    await rm(join(path, 'images', 't1.jpg'))
    const broken = openBatchLoader({ config, dataset: dataset, threadUrl, batch: 4, threads: 2 })
    await expect(broken.next()).rejects.toMatchObject({
      code: 'DATASET',
      message: expect.stringMatching(/t\d\.jpg cannot be decoded/) as string,
    })
    // The first reason stays.
    await expect(broken.next()).rejects.toMatchObject({ code: 'DATASET' })
    await broken.close()
    await rm(path, { recursive: true })
  })
})
