import { copyFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { RunConfig } from '../../../src-main/contract/index.ts'
import type { PoseDataset, PoseSample } from '../../../src-main/datasets/dataset.ts'
import { openDataset } from '../../../src-main/datasets/open-dataset.ts'
import { PictureThreads } from '../../../src-main/datasets/picture-threads.ts'
import { prepareCrop } from '../../../src-main/datasets/prepared-crops.ts'
import { LOADER_THREAD } from '../../support/loader-thread.ts'
import { cocoOf, makeFolder, writeCoco } from './made-folders.ts'
import { makeRunConfig } from './made-run-config.ts'

const made: PictureThreads[] = []
afterEach(async () => {
  await Promise.all(made.splice(0).map((threads) => threads.close()))
})

async function openPose(config: RunConfig): Promise<PoseDataset> {
  const dataset = await openDataset(config.dataset, config.task, config.seed)
  if (dataset.kind !== 'pose') {
    throw new Error(`a data set for ${dataset.kind}`)
  }
  return dataset
}

function start(
  dataset: PoseDataset,
  config: RunConfig,
  threads = 2,
  threadUrl = LOADER_THREAD,
): PictureThreads {
  const opened = new PictureThreads({ dataset, config, threadUrl, threads })
  made.push(opened)
  return opened
}

const ask = (sample: PoseSample) => ({ kind: 'pose' as const, sample })

describe('pictures decoded by threads', () => {
  it('are those of the own thread, to the bit, in whatever order they are asked for', async () => {
    const config = makeRunConfig()
    const dataset = await openPose(config)
    const samples = [...dataset.splits.search, ...dataset.splits.report]
    expect(samples.length).toBeGreaterThan(3)
    const threads = start(dataset, config)
    const own = await Promise.all(samples.map((sample) => prepareCrop(dataset, sample, config)))
    expect(await Promise.all(samples.map((sample) => threads.decode(ask(sample))))).toEqual(own)
    const turned = samples.toReversed()
    expect(await Promise.all(turned.map((sample) => threads.decode(ask(sample))))).toEqual(own.toReversed())
  })

  it('that break are named, and the others go on; once mended they are decoded', async () => {
    const folder = await makeFolder()
    await writeCoco(folder, 'person_keypoints_train2017.json', cocoOf('t', 4, 17, 1))
    await writeCoco(folder, 'person_keypoints_val2017.json', cocoOf('v', 4, 17, 100))
    const config = makeRunConfig({
      dataset: { ...makeRunConfig().dataset, source: 'coco', path: folder, searchFraction: 0.3 },
    })
    const dataset = await openPose(config)
    const [first, second] = dataset.splits.report
    if (first === undefined || second === undefined) {
      throw new Error('the report split has two pictures')
    }
    const threads = start(dataset, config, 1)
    const path = join(folder, 'images', first.imageKey)
    await rm(path)
    await expect(threads.decode(ask(first))).rejects.toMatchObject({
      code: 'DATASET',
      message: expect.stringContaining(first.imageKey) as string,
    })
    await writeFile(path, 'no picture any more')
    await expect(threads.decode(ask(first))).rejects.toMatchObject({
      code: 'DATASET',
      message: expect.stringContaining(first.imageKey) as string,
    })
    expect(await threads.decode(ask(second))).toEqual(await prepareCrop(dataset, second, config))
    await copyFile(join(folder, 'images', second.imageKey), path)
    expect(await threads.decode(ask(first))).toEqual(await prepareCrop(dataset, first, config))
  })

  it('of another task are refused by name', async () => {
    const config = makeRunConfig()
    const threads = start(await openPose(config), config, 1)
    const street = { id: 'a', clip: 'a', width: 8, height: 8 }
    await expect(threads.decode({ kind: 'segmentation', sample: street })).rejects.toThrow(
      'a picture for segmentation in a data set for pose',
    )
  })

  it('fail with their thread, not for ever: the next one is decoded by another', async () => {
    const config = makeRunConfig()
    const dataset = await openPose(config)
    const [sample] = dataset.splits.report
    if (sample === undefined) {
      throw new Error('the report split has a picture')
    }
    // A thread that ends at its first question, once; from then on it is the real one.
    const flag = join(await makeFolder(), 'has-ended')
    const source = `
      import { existsSync, writeFileSync } from 'node:fs'
      import { parentPort } from 'node:worker_threads'
      if (existsSync(${JSON.stringify(flag)})) {
        await import(${JSON.stringify(LOADER_THREAD.href)})
      } else {
        parentPort.once('message', () => {
          writeFileSync(${JSON.stringify(flag)}, '')
          process.exit(7)
        })
      }`
    const entry = join(await makeFolder(), 'thread.mjs')
    await writeFile(entry, source)
    const threads = start(dataset, config, 1, new URL(`file://${entry}`))
    await expect(threads.decode(ask(sample))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'a thread that decodes pictures ended with code 7',
    })
    expect(await threads.decode(ask(sample))).toEqual(await prepareCrop(dataset, sample, config))
  })

  it('end when they are closed', async () => {
    const config = makeRunConfig()
    const dataset = await openPose(config)
    const threads = start(dataset, config, 1)
    const [sample] = dataset.splits.report
    if (sample === undefined) {
      throw new Error('the report split has a picture')
    }
    const pending = threads.decode(ask(sample))
    const ended = expect(pending).rejects.toMatchObject({ code: 'CONFLICT' })
    await threads.close()
    await ended
    await expect(threads.decode(ask(sample))).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
