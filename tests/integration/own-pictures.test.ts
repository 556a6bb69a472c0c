import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnPicture, PictureBox } from '../../src-main/contract/index.ts'
import { decodeIndexMap } from '../../src-main/datasets/index-map-png.ts'
import { startEngine } from '../../src-main/engine/start-engine.ts'
import type { Engine } from '../../src-main/engine/start-engine.ts'
import { createTemporaryFolder, RESOURCES_FOLDER } from '../support/engine-core.ts'
import { runCli } from '../support/run-cli.ts'
import { smallRunArgs } from '../support/small-run.ts'

/** What the window says about a picture of one's own is what `scalenas predict` says: three runs of some seconds, a picture, both ways. */

interface Run {
  readonly runId: string
  readonly front: readonly { readonly candidateId: string }[]
}

interface PoseReport {
  readonly width: number
  readonly height: number
  readonly persons: readonly { readonly score?: number; readonly keypoints: readonly (readonly number[])[] }[]
}

describe('pictures of the user’s own', () => {
  const { folder, remove } = createTemporaryFolder()
  const data = join(folder, 'data')
  const file = join(folder, 'wide.jpg')
  let engine: Engine
  const runs = new Map<string, Run>()
  beforeAll(async () => {
    for (const preset of ['micro-pose', 'micro-seg', 'micro-bottom-up']) {
      const scenes = { 'network.baseWidth': 8, 'bottomUp.detectionThreshold': 0.01 }
      const args = smallRunArgs({
        'compute.backend': 'wasm',
        ...(preset === 'micro-bottom-up' ? scenes : {}),
      })
      const { code, stdout, stderr } = await runCli(['run', preset, '--json', '--data', data, ...args])
      expect(code, stderr).toBe(0)
      runs.set(preset, JSON.parse(stdout) as Run)
    }
    // Larger than what is shown, stored lying and shown upright.
    const noise = sharp({
      create: {
        width: 90,
        height: 60,
        channels: 3,
        background: '#808080',
        noise: { type: 'gaussian', mean: 120, sigma: 60 },
      },
    })
    const stored = await noise.png().toBuffer()
    await sharp(stored).resize(2400, 1600).withMetadata({ orientation: 6 }).jpeg().toFile(file)
    engine = await startEngine({
      dataFolder: data,
      workerEntry: new URL('../../src-main/worker/main.ts', import.meta.url),
      resourcesFolder: RESOURCES_FOLDER,
      rendererFolder: null,
      codeVersion: 'test',
    })
  }, 300_000)
  afterAll(async () => {
    await engine.close()
    remove()
  })

  const run = (preset: string): { runId: string; candidateId: string } => {
    const { runId, front } = runs.get(preset) ?? { runId: '', front: [] }
    return { runId, candidateId: front.at(-1)?.candidateId ?? '' }
  }
  const authorization = () => `Bearer ${engine.token}`
  const send = (runId: string, name: string, body: Uint8Array<ArrayBuffer>): Promise<Response> =>
    fetch(`${engine.url}/api/runs/${runId}/pictures?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: { authorization: authorization(), 'content-type': 'application/octet-stream' },
      body,
    })
  const add = async (runId: string): Promise<OwnPicture> => {
    const answer = await send(runId, 'wide photo.jpg', new Uint8Array(readFileSync(file)))
    expect(answer.status).toBe(200)
    return (await answer.json()) as OwnPicture
  }
  const get = async (path: string): Promise<Buffer> => {
    const answer = await fetch(`${engine.url}${path}`, { headers: { authorization: authorization() } })
    expect(answer.status, path).toBe(200)
    return Buffer.from(await answer.arrayBuffer())
  }
  const predictByCommand = async (candidateId: string, out: string, more: readonly string[] = []) => {
    const args = ['--candidate', candidateId, file, '--out', join(folder, out), '--data', data]
    const { code, stderr } = await runCli(['predict', ...args, '--backend', 'wasm', ...more])
    expect(code, stderr).toBe(0)
    return (suffix: string) => readFileSync(join(folder, out, `wide${suffix}`))
  }

  it.each<[string, PictureBox | null, readonly string[]]>([
    ['the whole picture', null, []],
    ['a box', [200, 300, 900, 1400], ['--box', '200,300,900,1400']],
  ])('pose of %s: the joints of the command, in pixels of what is shown', async (name, box, more) => {
    const { runId, candidateId } = run('micro-pose')
    const added = await add(runId)
    expect(added).toMatchObject({ name: 'wide photo.jpg', bytes: readFileSync(file).length })
    const said = await engine.services.pictures.predict({ candidateId, pictureId: added.id, box })
    expect(said).toMatchObject({ box, backend: 'wasm', picture: { width: 1600, height: 2400 } })
    expect(said.picture.sample).toMatchObject({
      width: 1067,
      height: 1600,
      split: null,
      truthKeypoints: null,
    })
    const shown = await sharp(await get(said.picture.sample.imagePath)).metadata()
    expect([shown.width, shown.height]).toEqual([1067, 1600])
    const read = await predictByCommand(candidateId, `pose ${name}`, more)
    const { persons } = JSON.parse(read('.json').toString()) as PoseReport
    const want = persons[0]?.keypoints.map(([x = 0, y = 0, confidence]) => [
      (x * 1067) / 1600,
      (y * 1600) / 2400,
      confidence,
    ])
    expect(said.prediction).toEqual({ kind: 'pose', sampleId: added.id, pck: null, keypoints: want })
  })

  it('segmentation: the label map of the command, reduced without mixing classes', async () => {
    const { runId, candidateId } = run('micro-seg')
    const added = await add(runId)
    const said = await engine.services.pictures.predict({ candidateId, pictureId: added.id, box: null })
    if (said.prediction.kind !== 'segmentation') {
      throw new Error('no segmentation')
    }
    expect(said.prediction).toMatchObject({ pixelAccuracy: null, meanIou: null })
    const labels = await get(said.prediction.labelPath)
    const whole = decodeIndexMap((await predictByCommand(candidateId, 'seg'))('.labels.png'))
    const want = Array.from({ length: 1067 * 1600 }, (_, at) => {
      const [row, column] = [Math.floor(at / 1067), at % 1067]
      const [y, x] = [Math.floor((row + 0.5) * 1.5), Math.floor(((column + 0.5) * 1600) / 1067)]
      return whole.values[y * 1600 + x]
    })
    expect(Buffer.compare(labels, Buffer.from(want.map((label) => label ?? 255)))).toBe(0)
    expect(new Set(labels).size).toBeGreaterThan(1)
    const boxed = engine.services.pictures.predict({ candidateId, pictureId: added.id, box: [0, 0, 9, 9] })
    await expect(boxed).rejects.toMatchObject({ code: 'BAD_REQUEST', message: /a box is for pose/i })
  })

  it('bottom-up: everybody whom the command finds, by the grouping of the run', async () => {
    const { runId, candidateId } = run('micro-bottom-up')
    const added = await add(runId)
    const said = await engine.services.pictures.predict({ candidateId, pictureId: added.id, box: null })
    const { persons } = JSON.parse(
      (await predictByCommand(candidateId, 'scene'))('.json').toString(),
    ) as PoseReport
    expect(persons.length).toBeGreaterThan(0)
    const want = persons.map(({ score, keypoints }) => ({
      score,
      keypoints: keypoints.map(([x = 0, y = 0, heat]) => [(x * 1067) / 1600, (y * 1600) / 2400, heat]),
    }))
    expect(said.prediction).toEqual({ kind: 'bottom-up-pose', sampleId: added.id, ap: null, persons: want })
  })

  it('writes the candidate once, keeps what was added, and removes it', async () => {
    const { runId, candidateId } = run('micro-pose')
    const { id } = await add(runId)
    const exported = join(data, 'runs', runId, 'exports')
    expect(existsSync(exported)).toBe(true)
    const { genotypeId } = await engine.services.candidates.get(candidateId)
    const model = join(exported, `${genotypeId}-safetensors`, 'model.safetensors')
    const written = readFileSync(model)
    await engine.services.pictures.predict({ candidateId, pictureId: id, box: null })
    expect(readFileSync(model)).toEqual(written)
    expect(await engine.services.pictures.list(runId)).toMatchObject([{ id, width: 1600, height: 2400 }])
    await engine.services.pictures.remove(runId, id)
    expect(await engine.services.pictures.list(runId)).toEqual([])
    await expect(
      engine.services.pictures.predict({ candidateId, pictureId: id, box: null }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND', message: /add it again/ })
  })

  it('refuses by name what is no picture, and does not keep one that cannot be decoded', async () => {
    const { runId, candidateId } = run('micro-pose')
    for (const [name, text] of [
      ['notes.txt', 'no picture'],
      ['drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
      ['empty.png', ''],
    ] as const) {
      const answer = await send(runId, name, new TextEncoder().encode(text))
      expect(answer.status, name).toBe(400)
      expect(((await answer.json()) as { message: string }).message).toMatch(new RegExp(`^${name}: `))
    }
    const cut = new Uint8Array(readFileSync(file)).slice(0, 4000)
    const { id } = (await (await send(runId, 'cut.jpg', cut)).json()) as OwnPicture
    await expect(
      engine.services.pictures.predict({ candidateId, pictureId: id, box: null }),
    ).rejects.toMatchObject({ code: 'DATASET', message: 'cut.jpg: picture cannot be decoded' })
    expect(await engine.services.pictures.list(runId)).toEqual([])
    const vast = await sharp({ create: { width: 9000, height: 8000, channels: 3, background: '#406080' } })
      .png()
      .toBuffer()
    const { id: vastId } = (await (await send(runId, 'vast.png', new Uint8Array(vast))).json()) as OwnPicture
    await expect(
      engine.services.pictures.predict({ candidateId, pictureId: vastId, box: null }),
    ).rejects.toMatchObject({ code: 'DATASET', message: /^vast\.png: .*64 megapixels/ })
    expect(await engine.services.pictures.list(runId)).toEqual([])
    const elsewhere = await send('r-nobody1', 'a.png', cut)
    expect(elsewhere.status).toBe(404)
  })
})
