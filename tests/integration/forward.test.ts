import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { singleOutput } from '../../src-main/compute/network-ops.ts'
import { createWasmKernels } from '../../src-main/compute/wasm/wasm-kernels.ts'
import { encodeMaskNpy } from '../../src-main/formats/mask-npy.ts'
import { decodeFloatNpy, encodeFloatNpy } from '../../src-main/formats/npy.ts'
import { smallestGenotype } from '../../src-main/nas/named-genotypes.ts'
import { planNetwork, supernetParameters } from '../../src-main/nas/network-plan.ts'
import type { NetworkShape } from '../../src-main/nas/network-plan.types.ts'
import { toOfficialMask } from '../../src-main/nas/official-mask.ts'
import { officialSpace } from '../../src-main/nas/search-space.ts'
import { encodeSafetensors } from '../../src-main/supernet/safetensors.ts'
import { Supernet } from '../../src-main/supernet/supernet.ts'
import { toChannelsFirst, toChannelsLast } from '../../src-main/worker/channel-order.ts'
import { createTemporaryFolder } from '../support/engine-core.ts'
import { formulaWeights, symmetric } from '../support/formula-weights.ts'
import { deviation } from '../support/golden-network.ts'
import { makeLegacyPth } from '../support/make-pth.ts'
import { runCli } from '../support/run-cli.ts'

const SIZE = 32
const space = officialSpace('pose')
const shape: NetworkShape = {
  ...{ task: 'pose', baseWidth: 4, outputs: 5, inputHeight: SIZE, inputWidth: SIZE },
  ...{ stemChannels: 8, layer1Blocks: 1, layer1Planes: 4 },
}
const weights = formulaWeights(supernetParameters(space, shape), 7, 'plain')
const images = symmetric(7, 'input', 2 * 3 * SIZE * SIZE, 2)

describe('scalenas forward, with a real worker on WebAssembly', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  const file = (name: string): string => join(folder.folder, name)
  beforeAll(() => {
    folder = createTemporaryFolder()
    writeFileSync(file('in.npy'), encodeFloatNpy({ shape: [2, 3, SIZE, SIZE], values: images }))
    writeFileSync(file('weights.safetensors'), encodeSafetensors(weights))
    writeFileSync(file('smallest.npy'), encodeMaskNpy(toOfficialMask(space, smallestGenotype(space))))
  })
  afterAll(() => {
    folder.remove()
  })
  const forward = (weightsFile: string, output: string, ...more: readonly string[]) =>
    runCli([
      ...['forward', '--task', 'pose', '--width', '4', '--input-npy', file('in.npy'), '--backend', 'wasm'],
      ...['--weights', file(weightsFile), '--output-npy', file(output), ...more],
    ])

  it('writes what the network gives, image by image, from safetensors and a .npy genotype', async () => {
    const call = await forward('weights.safetensors', 'out.npy', '--genotype', file('smallest.npy'), '--json')
    expect(call.code, call.stderr).toBe(0)
    expect(JSON.parse(call.stdout)).toMatchObject({
      genotypeId: 'c8eed25f5065',
      ...{ shape: [2, 5, 8, 8], baseWidth: 4, backend: 'wasm', unknownNames: [], absentUnused: 0 },
    })
    const got = decodeFloatNpy(readFileSync(file('out.npy')))
    const want = await forwardHere()
    expect(got.shape).toEqual([2, 5, 8, 8])
    expect(deviation(got.values, want)).toBeLessThanOrEqual(1e-6)
  })

  it('gives the same from a .pth file whose names have the prefixes of training, and names what it left out', async () => {
    const prefixed = new Map([...weights].map(([name, tensor]) => [`module.model.${name}`, tensor]))
    prefixed.set('module.loss.weight', { shape: [2], values: Float32Array.of(1, 2) })
    writeFileSync(file('weights.pth'), makeLegacyPth(prefixed))
    const call = await forward('weights.pth', 'pth.npy', '--genotype', 'smallest')
    expect(call.code, call.stderr).toBe(0)
    expect(call.stderr).toMatch(/1 names in the weights are of no layer.*loss\.weight/)
    expect(readFileSync(file('pth.npy'))).toEqual(readFileSync(file('out.npy')))
  })

  it('lists what the weights lack, with exit code 2', async () => {
    const fewer = new Map([...weights].filter(([name]) => !name.startsWith('stage3.2.branches.1.0.')))
    writeFileSync(file('fewer.safetensors'), encodeSafetensors(fewer))
    const call = await forward('fewer.safetensors', 'none.npy', '--genotype', 'smallest')
    expect(call.code).toBe(2)
    expect(call.stderr).toMatch(
      /fewer\.safetensors: 10 tensors are missing: stage3\.2\.branches\.1\.0\.conv1\.weight/,
    )
    const wrong = await forward('weights.safetensors', 'none.npy', '--genotype', 'smallest', '--joints', '17')
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toMatch(/weights have 5 joints, asked for are 17/)
  })

  /** Both images in one batch, in this process. */
  async function forwardHere(): Promise<Float32Array> {
    const kernels = await createWasmKernels()
    const supernet = new Supernet(kernels, space, shape, weights)
    const session = supernet.openEvaluation()
    const pixels = SIZE * SIZE
    const each = (values: Float32Array, size: number, convert: (image: Float32Array) => Float32Array) =>
      Float32Array.from([0, 1].flatMap((n) => [...convert(values.subarray(n * size, (n + 1) * size))]))
    const inputShape = [2, SIZE, SIZE, 3]
    const handle = kernels.upload(
      each(images, 3 * pixels, (image) => toChannelsLast(image, 3, pixels)),
      inputShape,
    )
    const plan = planNetwork(space, shape, smallestGenotype(space))
    const output = singleOutput(session.forward(plan, { handle, shape: inputShape }).outputs)
    const values = await kernels.download(output.handle)
    return each(values, 5 * 64, (image) => toChannelsFirst(image, 5, 64))
  }
})
