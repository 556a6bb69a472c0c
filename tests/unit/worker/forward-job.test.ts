import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createWasmKernels } from '../../../src-main/compute/wasm/wasm-kernels.ts'
import type { ForwardJob, ForwardResult } from '../../../src-main/contract/index.ts'
import { decodeFloatNpy, encodeFloatNpy } from '../../../src-main/formats/npy.ts'
import { toGenotypeJson } from '../../../src-main/nas/genotype.ts'
import { hrnetGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { planNetwork, supernetParameters } from '../../../src-main/nas/network-plan.ts'
import type { NetworkShape } from '../../../src-main/nas/network-plan.types.ts'
import { createSearchSpace } from '../../../src-main/nas/search-space.ts'
import { withoutDeadNodes } from '../../../src-main/supernet/extract-subnet.ts'
import { foldSubnet } from '../../../src-main/supernet/open-folded.ts'
import { encodeSafetensors } from '../../../src-main/supernet/safetensors.ts'
import type { WeightMap } from '../../../src-main/supernet/weights.ts'
import { toChannelsFirst, toChannelsLast } from '../../../src-main/worker/channel-order.ts'
import { runForwardJob } from '../../../src-main/worker/jobs/forward-job.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'
import { formulaWeights, symmetric, toNhwc } from '../../support/formula-weights.ts'
import { makeZipPth } from '../../support/make-pth.ts'
import { makeZip } from '../../support/make-zip.ts'

const SIZE = 16
const layout: [number, number][] = [
  [2, 1],
  [3, 1],
]
const spaceConfig = { layout, depthChoices: [2, 3, 4, 5], evolveLastModule: true }
const space = createSearchSpace({ task: 'pose', ...spaceConfig })
const shape: NetworkShape = {
  ...{ task: 'pose', baseWidth: 4, outputs: 3, inputHeight: SIZE, inputWidth: SIZE },
  ...{ stemChannels: 6, layer1Blocks: 2, layer1Planes: 4 },
}
const weights = formulaWeights(supernetParameters(space, shape), 3, 'plain')
const kernels = await createWasmKernels()

describe('the forward job', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeEach(() => {
    folder = createTemporaryFolder()
    write(
      'in.npy',
      encodeFloatNpy({ shape: [1, 3, SIZE, SIZE], values: symmetric(3, 'input', 3 * SIZE * SIZE, 2) }),
    )
  })
  afterEach(() => {
    folder.remove()
  })
  const path = (name: string): string => join(folder.folder, name)
  function write(name: string, bytes: Uint8Array): void {
    writeFileSync(path(name), bytes)
  }

  async function forward(
    weightsFile: string,
    changed: Partial<ForwardJob> = {},
  ): Promise<{ result: ForwardResult; values: Float32Array }> {
    const job: ForwardJob = {
      kind: 'forward',
      task: 'pose',
      space: spaceConfig,
      genotype: toGenotypeJson(space, 4, hrnetGenotype(space)),
      ...{ baseWidth: null, outputs: null, hasHrnetNames: false, upFusion: 'nearest' },
      ...{ inputFile: path('in.npy'), weightsFile: path(weightsFile), outputFile: path('out.npy') },
      ...changed,
    }
    const services = {
      backend: { kernels, refused: [] },
      loaderThreadUrl: new URL('file:///none'),
      threads: 1,
    }
    const context = { emit: () => undefined, log: () => undefined, isStopping: () => false }
    const result = await runForwardJob(job, services, context)
    return { result, values: decodeFloatNpy(readFileSync(path('out.npy'))).values }
  }

  it('folds batch norms on request: within 1e-4 of the largest output (method.md 8.1), and not the same bits', async () => {
    write('w.safetensors', encodeSafetensors(weights))
    const { values: exact } = await forward('w.safetensors')
    const { values: folded } = await forward('w.safetensors', { foldsNorms: true })
    const largest = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const difference = exact.reduce((most, value, i) => Math.max(most, Math.abs(value - (folded[i] ?? 0))), 0)
    expect(difference).toBeLessThanOrEqual(1e-4 * largest)
    expect(difference).toBeGreaterThan(0)
  })

  it('knows a file whose norms are folded, and gives the bits of folding here', async () => {
    write('w.safetensors', encodeSafetensors(weights))
    const plan = withoutDeadNodes(planNetwork(space, shape, hrnetGenotype(space)))
    write('folded.safetensors', encodeSafetensors(foldSubnet({ plan, weights })))
    const { values: here } = await forward('w.safetensors', { foldsNorms: true })
    for (const foldsNorms of [true, false]) {
      const { values: there, result } = await forward('folded.safetensors', { foldsNorms })
      expect(there).toEqual(here)
      expect(result.unknownNames).toEqual([])
    }
  })

  it('reads the shape of the network off the weights, and gives one answer for every kind of file', async () => {
    write('w.safetensors', encodeSafetensors(weights))
    write('w.pth', makeZipPth(weights))
    const arrays = [...weights].map(([name, tensor]) => [`${name}.npy`, encodeFloatNpy(tensor)] as const)
    write('w.npz', makeZip(new Map(arrays), { deflated: true }))
    const first = await forward('w.safetensors')
    expect(first.result).toMatchObject({
      shape: [1, 3, 4, 4],
      baseWidth: 4,
      unknownNames: [],
      absentUnused: 0,
    })
    expect(first.values.every(Number.isFinite)).toBe(true)
    expect((await forward('w.pth')).values).toEqual(first.values)
    expect((await forward('w.npz')).values).toEqual(first.values)
  })

  it('runs the weights of HRNet under their own names: four blocks, one set of fusions', async () => {
    write('w.safetensors', encodeSafetensors(weights))
    const hrnet: WeightMap = new Map(
      [...weights]
        .filter(([name]) => !/branches\.\d+\.4\.|fuse_layers_[1235]\./.test(name))
        .map(([name, tensor]) => [name.replace('.fuse_layers_4.', '.fuse_layers.'), tensor]),
    )
    write('hrnet.safetensors', encodeSafetensors(hrnet))
    await expect(forward('hrnet.safetensors')).rejects.toThrow(
      /tensors are missing: stage2\.0\.fuse_layers_4\..*names are those of HRNet: give --hrnet-names/,
    )
    const { values, result } = await forward('hrnet.safetensors', { hasHrnetNames: true })
    expect(values).toEqual((await forward('w.safetensors')).values)
    expect(result.unknownNames).toEqual([])
    expect(result.absentUnused).toBe(weights.size - hrnet.size)
  })

  it('enlarges in fusions as HRNet’s segmentation network does, on request', async () => {
    write('w.safetensors', encodeSafetensors(weights))
    const nearest = (await forward('w.safetensors')).values
    const bilinear = (await forward('w.safetensors', { upFusion: 'bilinear' })).values
    expect(bilinear).not.toEqual(nearest)
    expect(bilinear.every(Number.isFinite)).toBe(true)
  })

  it.each([
    ['another width', { baseWidth: 8 }, /w\.safetensors: The weights are of width 4, asked for is 8/],
    ['another number of joints', { outputs: 17 }, /weights have 3 joints, asked for are 17/],
    [
      'another task',
      { task: 'segmentation' },
      /weights lack last_layer\.3\.weight, so they are not of this task/,
    ],
  ] as const)('refuses weights of %s', async (_what, changed, message) => {
    write('w.safetensors', encodeSafetensors(weights))
    await expect(forward('w.safetensors', changed)).rejects.toThrow(message)
  })

  it('refuses a tensor of another shape, by name', async () => {
    const changed = new Map([
      ...weights,
      ['conv2.weight', { shape: [6, 6, 1, 1], values: new Float32Array(36) }] as const,
    ])
    write('w.safetensors', encodeSafetensors(changed))
    await expect(forward('w.safetensors')).rejects.toThrow(
      /conv2\.weight is \[6, 6, 1, 1\], expected \[6, 6, 3, 3\]/,
    )
  })

  it.each([
    ['of one channel', [1, 1, SIZE, SIZE], /N, 3, H, W.*it is \[1, 1, 16, 16\]/],
    ['of channels last', [1, SIZE, SIZE, 3], /N, 3, H, W/],
    ['of no size', [0, 3, SIZE, SIZE], /N, 3, H, W with N at least 1/],
    ['of a size that three branches cannot halve', [1, 3, 24, 16], /multiples of 16/],
  ])('refuses images %s', async (_what, inputShape, message) => {
    write('w.safetensors', encodeSafetensors(weights))
    const values = new Float32Array(inputShape.reduce((a, b) => a * b, 1))
    write('in.npy', encodeFloatNpy({ shape: inputShape, values }))
    await expect(forward('w.safetensors')).rejects.toThrow(message)
  })

  it('names the file that is not there or is something else', async () => {
    await expect(forward('gone.pth')).rejects.toThrow(/gone\.pth cannot be read/)
    write('text.pth', Buffer.from('no weights'))
    await expect(forward('text.pth')).rejects.toThrow(/text\.pth: weights: neither \.npz nor \.pth/)
  })
})

describe('channel order', () => {
  it('turns round and back, as the formula of the golden inputs does', () => {
    const values = symmetric(1, 'x', 3 * 4 * 5, 1)
    const last = toChannelsLast(values, 3, 20)
    expect(last).toEqual(toNhwc(values, [1, 3, 4, 5]))
    expect(toChannelsFirst(last, 3, 20)).toEqual(values)
  })
})
