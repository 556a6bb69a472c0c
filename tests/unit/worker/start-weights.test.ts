import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { supernetParameters } from '../../../src-main/nas/network-plan.ts'
import type { NetworkShape } from '../../../src-main/nas/network-plan.types.ts'
import { createSearchSpace } from '../../../src-main/nas/search-space.ts'
import { initialWeights } from '../../../src-main/supernet/initialise.ts'
import { encodeSafetensors } from '../../../src-main/supernet/safetensors.ts'
import type { WeightMap } from '../../../src-main/supernet/weights.ts'
import { overlayStartWeights } from '../../../src-main/worker/start-weights.ts'

const folder = mkdtempSync(join(tmpdir(), 'scalenas-start-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const NETWORK = { baseWidth: 4, stemChannels: 4, layer1Blocks: 1, layer1Planes: 4 }
const SIZE = { inputHeight: 64, inputWidth: 64 }

function describeNetwork(
  task: NetworkShape['task'],
  outputs: number,
  baseWidth = NETWORK.baseWidth,
  depthChoices: number[] = [1, 2],
) {
  const layout: [number, number][] = [
    [2, 1],
    [3, 1],
  ]
  const space = createSearchSpace({ task, layout, depthChoices, evolveLastModule: true })
  const shape = { ...NETWORK, ...SIZE, task, outputs, baseWidth }
  return { specs: supernetParameters(space, shape), shape }
}

function write(name: string, weights: WeightMap): string {
  const file = join(folder, name)
  writeFileSync(file, encodeSafetensors(weights))
  return file
}

describe('weights that a teacher starts with', () => {
  const pose = describeNetwork('pose', 14)
  const poseFile = write('pose.safetensors', initialWeights(pose.specs, pose.shape, 5))
  const poseWeights = initialWeights(pose.specs, pose.shape, 5)

  it('are those of a pose super-network for bottom-up pose; its own head stays as drawn', async () => {
    const { specs, shape } = describeNetwork('bottom-up-pose', 14)
    const drawn = initialWeights(specs, shape, 1)
    const { weights, taken, fresh } = await overlayStartWeights(poseFile, specs, drawn)
    const body = pose.specs.filter(({ name }) => !name.startsWith('final_layer.'))
    expect(taken).toBe(body.length)
    for (const { name } of body) {
      expect(weights.get(name)?.values).toEqual(poseWeights.get(name)?.values)
    }
    expect(fresh.every((name) => /^(final_layers|deconv_layers)\./.test(name))).toBe(true)
    expect(fresh).toHaveLength(specs.length - body.length)
    for (const name of fresh) {
      expect(weights.get(name)).toBe(drawn.get(name))
    }
  })

  it('may be of other joints: the layers that count them stay as drawn', async () => {
    const { specs, shape } = describeNetwork('pose', 17)
    const { fresh } = await overlayStartWeights(poseFile, specs, initialWeights(specs, shape, 1))
    expect(fresh).toEqual(['final_layer.weight', 'final_layer.bias'])
  })

  it('of HRNet become the fusions of its step', async () => {
    const { specs, shape } = describeNetwork('pose', 14, 4, [3, 4])
    const drawn = initialWeights(specs, shape, 1)
    const fusion = specs.find(({ name }) => name.includes('.fuse_layers_4.'))
    const name = fusion?.name ?? ''
    const given = {
      shape: fusion?.shape ?? [],
      values: drawn.get(name)?.values.map((v) => v + 1) ?? new Float32Array(),
    }
    const file = write(
      'hrnet.safetensors',
      new Map([[name.replace('.fuse_layers_4.', '.fuse_layers.'), given]]),
    )
    const { weights, taken } = await overlayStartWeights(file, specs, drawn)
    expect(taken).toBe(1)
    expect(weights.get(name)).toEqual(given)
  })

  it('of another width are refused by the first tensor, as is a file of something else', async () => {
    const wide = describeNetwork('pose', 14, 8)
    const drawn = initialWeights(wide.specs, wide.shape, 1)
    await expect(overlayStartWeights(poseFile, wide.specs, drawn)).rejects.toThrow(
      /pose\.safetensors has transition1\.0\.0\.weight as 4 × 16 × 3 × 3, this network as 8 × 16 × 3 × 3/,
    )
    const other = write('other.safetensors', new Map([['x', { shape: [1], values: Float32Array.of(1) }]]))
    await expect(overlayStartWeights(other, pose.specs, poseWeights)).rejects.toThrow(
      'has no tensor of this network',
    )
    await expect(overlayStartWeights(join(folder, 'no'), pose.specs, poseWeights)).rejects.toThrow(
      'cannot be read',
    )
  })
})
