import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createWasmKernels } from '../../src-main/compute/wasm/wasm-kernels.ts'
import { hrnetGenotype } from '../../src-main/nas/named-genotypes.ts'
import { planNetwork, planParameters } from '../../src-main/nas/network-plan.ts'
import type { NetworkShape, UpFusion } from '../../src-main/nas/network-plan.types.ts'
import { createSearchSpace } from '../../src-main/nas/search-space.ts'
import { openStandAlone } from '../../src-main/supernet/extract-subnet.ts'
import { encodeSafetensors } from '../../src-main/supernet/safetensors.ts'
import { toChannelsFirst, toChannelsLast } from '../../src-main/worker/channel-order.ts'
import { createTemporaryFolder } from '../support/engine-core.ts'
import { formulaWeights, symmetric } from '../support/formula-weights.ts'
import { hasTorch, TORCH_PYTHON } from '../support/torch-python.ts'

const SIZE = 32
const layout: [number, number][] = [
  [2, 1],
  [3, 1],
  [4, 1],
]
const space = createSearchSpace({
  task: 'segmentation',
  layout,
  depthChoices: [2, 3, 4, 5],
  evolveLastModule: false,
})

/** The answer of the `hrnet` genotype here, and how far PyTorch's is from it, as a share of the largest value. */
async function compare(upFusion: UpFusion): Promise<{ values: Float32Array; deviation: number }> {
  const shape: NetworkShape = {
    ...{ task: 'segmentation', baseWidth: 8, outputs: 5, inputHeight: SIZE, inputWidth: SIZE },
    ...{ stemChannels: 8, layer1Blocks: 1, layer1Planes: 8, upFusion },
  }
  const plan = planNetwork(space, shape, hrnetGenotype(space))
  const weights = formulaWeights(planParameters(plan), 9, 'plain')
  const pixels = symmetric(9, 'input', 3 * SIZE * SIZE, 2)
  const kernels = await createWasmKernels()
  const network = openStandAlone(kernels, { space, shape }, { plan, weights })
  const inputShape = [1, SIZE, SIZE, 3]
  const input = {
    handle: kernels.upload(toChannelsLast(pixels, 3, SIZE * SIZE), inputShape),
    shape: inputShape,
  }
  const [output] = network.openEvaluation().forward(plan, input).outputs
  if (output === undefined) {
    throw new Error('the plan has no output')
  }
  const [, height = 0, width = 0, channels = 0] = output.shape
  const values = toChannelsFirst(kernels.downloadSync(output.handle), channels, height * width)

  const folder = createTemporaryFolder()
  try {
    const path = (name: string): string => join(folder.folder, name)
    writeFileSync(path('model.safetensors'), encodeSafetensors(weights))
    writeFileSync(
      path('plan.json'),
      JSON.stringify({ nodes: plan.nodes, output: plan.outputs[0]?.value, shape: [1, 3, SIZE, SIZE] }),
    )
    writeFileSync(path('input.f32'), new Uint8Array(pixels.buffer))
    writeFileSync(path('output.f32'), new Uint8Array(values.buffer))
    const script = join(import.meta.dirname, '../support/load_subnet.py')
    const files = ['model.safetensors', 'plan.json', 'input.f32', 'output.f32'].map(path)
    const answer = execFileSync(TORCH_PYTHON, [script, ...files], { encoding: 'utf8' })
    const { deviation } = JSON.parse(answer) as { readonly deviation: number }
    return { values, deviation }
  } finally {
    folder.remove()
  }
}

describe.skipIf(!hasTorch())(
  'up-fusions in PyTorch (needs python3 with torch, or SCALENAS_TORCH_PYTHON)',
  () => {
    it('agree as nearest and as HRNet’s bilinear, which give other logits', async () => {
      const nearest = await compare('nearest')
      const bilinear = await compare('bilinear')
      // method.md 8.1: between PyTorch float32 and a backend of ours.
      expect(nearest.deviation).toBeLessThanOrEqual(2e-5)
      expect(bilinear.deviation).toBeLessThanOrEqual(2e-5)
      expect(bilinear.values).not.toEqual(nearest.values)
    }, 60_000)
  },
)
