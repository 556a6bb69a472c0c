import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeIndexMap } from '../../src-main/datasets/index-map-png.ts'
import { supernetParameters } from '../../src-main/nas/network-plan.ts'
import type { NetworkShape } from '../../src-main/nas/network-plan.types.ts'
import { officialSpace } from '../../src-main/nas/search-space.ts'
import { encodeSafetensors } from '../../src-main/supernet/safetensors.ts'
import { createTemporaryFolder } from '../support/engine-core.ts'
import { formulaWeights } from '../support/formula-weights.ts'
import { runCli } from '../support/run-cli.ts'

const small = {
  baseWidth: 4,
  inputHeight: 32,
  inputWidth: 32,
  stemChannels: 8,
  layer1Blocks: 1,
  layer1Planes: 4,
}
const shapeOf = (task: 'pose' | 'segmentation', outputs: number): NetworkShape => ({
  task,
  outputs,
  ...small,
})

describe('scalenas predict, with a real worker on WebAssembly', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  const file = (name: string): string => join(folder.folder, name)
  beforeAll(async () => {
    folder = createTemporaryFolder()
    for (const [task, outputs] of [
      ['pose', 14],
      ['segmentation', 3],
    ] as const) {
      const parameters = supernetParameters(officialSpace(task), shapeOf(task, outputs))
      writeFileSync(file(`${task}.safetensors`), encodeSafetensors(formulaWeights(parameters, 7, 'plain')))
    }
    const picture = sharp({ create: { width: 60, height: 40, channels: 3, background: '#407090' } })
    await picture
      .clone()
      .jpeg()
      .withExif({ IFD0: { Orientation: '6' } })
      .withMetadata({ orientation: 6 })
      .toFile(file('turned.jpg'))
    await picture.clone().png().toFile(file('plain.png'))
    writeFileSync(file('broken.png'), 'no picture')
  })
  afterAll(() => {
    folder.remove()
  })
  const predict = (task: 'pose' | 'segmentation', out: string, ...more: readonly string[]) =>
    runCli([
      ...['predict', '--task', task, '--weights', file(`${task}.safetensors`), '--genotype', 'smallest'],
      ...['--input', '32x32', '--backend', 'wasm', '--out', file(out), '--json', ...more],
    ])
  const readJson = (name: string): unknown => JSON.parse(readFileSync(file(name), 'utf8'))

  it('writes overlay and joints of each box, refuses by name what is no picture, and goes on', async () => {
    writeFileSync(file('boxes.json'), JSON.stringify({ 'plain.png': [[1, 2, 30, 20]] }))
    const call = await predict(
      ...(['pose', 'pose', file('plain.png'), file('broken.png'), file('turned.jpg')] as const),
      ...['--boxes', file('boxes.json'), '--box', '5,5,20,30'],
    )
    expect(call.code, call.stderr).toBe(1)
    expect(call.stderr).toMatch(/refused .*broken\.png: picture cannot be decoded/)
    const result = JSON.parse(call.stdout) as { written: unknown[]; refused: { file: string }[] }
    expect([result.written.length, result.refused.map((entry) => entry.file)]).toEqual([
      2,
      [file('broken.png')],
    ])
    const plain = readJson('pose/plain.json') as { persons: { box: number[]; keypoints: number[][] }[] }
    expect(plain.persons.map(({ box }) => box)).toEqual([
      [5, 5, 20, 30],
      [1, 2, 30, 20],
    ])
    expect(plain.persons[0]?.keypoints).toHaveLength(14)
    // As a person sees it: stored 60 × 40, shown upright.
    expect(readJson('pose/turned.json')).toMatchObject({ width: 40, height: 60 })
    const overlay = await sharp(file('pose/turned.overlay.png')).metadata()
    expect([overlay.width, overlay.height]).toEqual([40, 60])
    expect(existsSync(file('pose/broken.json'))).toBe(false)
  })

  it('writes a label map of the picture’s size whose counts are those of the JSON', async () => {
    const call = await predict('segmentation', 'seg', file('plain.png'), file('plain.png'))
    expect(call.code, call.stderr).toBe(0)
    const map = readFileSync(file('seg/plain.labels.png'))
    const { width, height, values } = decodeIndexMap(map)
    // Grey of 8 bits.
    expect([width, height, map.readUInt8(24), map.readUInt8(25)]).toEqual([60, 40, 8, 0])
    const { classes } = readJson('seg/plain.json') as { classes: { pixels: number }[] }
    const counts = [0, 1, 2].map((label) => values.filter((value) => value === label).length)
    expect(classes.map(({ pixels }) => pixels)).toEqual(counts)
    expect(counts.reduce((a, b) => a + b)).toBe(2400)
    // The same name twice.
    expect(readFileSync(file('seg/plain-2.labels.png'))).toEqual(readFileSync(file('seg/plain.labels.png')))
  })

  it('says what is missing, with exit code 2', async () => {
    const none = await predict('pose', 'none')
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('IMAGE is missing') as string])
    const box = await predict('pose', 'none', file('plain.png'), '--box', '1,2,0,4')
    expect([box.code, box.stderr]).toEqual([2, expect.stringContaining('width and height above 0') as string])
    const both = await predict('pose', 'none', file('plain.png'), '--candidate', 'r-abcdef:1')
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('either --candidate') as string])
    const odd = await predict('pose', 'none', file('plain.png'), '--input', '30x32')
    expect(odd.code).toBe(2)
  })
})
