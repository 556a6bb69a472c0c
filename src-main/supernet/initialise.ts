import { BOTTOM_UP_OUTPUTS } from '../nas/layer-names.ts'
import type { NetworkShape, ParameterSpec } from '../nas/network-plan.types.ts'
import { createRandom } from '../nas/random.ts'
import type { HostTensor, WeightMap } from './weights.ts'

const LAST_LAYERS: ReadonlySet<string> = new Set([
  'final_layer.weight',
  'last_layer.3.weight',
  ...BOTTOM_UP_OUTPUTS.map((name) => `${name}.weight`),
])
/** The last convolution starts near zero so that the first heat maps and logits are small (method.md 2.6). */
const HEAD_DEVIATION = 0.001

/**
 * Start without pre-trained weights (method.md 2.6): Kaiming normal, fan-out, for convolutions; N(0, 0.001²) for the last layers;
 * norms 1 and 0; pose bias 0; the two biases of the segmentation head U(-1/√fan_in, 1/√fan_in). Each tensor draws from its own
 * generator, so a tensor's start depends on its name and the seed alone.
 */
export function initialWeights(
  specs: readonly ParameterSpec[],
  shape: NetworkShape,
  seed: number,
): WeightMap {
  const fanIn = new Map(
    specs
      .filter((spec) => spec.kind === 'conv-weight')
      .map(({ name, shape: [, inputs = 1, kh = 1, kw = 1] }) => [name, inputs * kh * kw]),
  )
  return new Map(
    specs.map((spec) => [
      spec.name,
      initialTensor(spec, shape.task, seed, fanIn.get(spec.name.replace(/\.bias$/, '.weight')) ?? 1),
    ]),
  )
}

function initialTensor(
  spec: ParameterSpec,
  task: NetworkShape['task'],
  seed: number,
  fanIn: number,
): HostTensor {
  const size = spec.shape.reduce((a, b) => a * b, 1)
  const values = new Float32Array(size)
  switch (spec.kind) {
    case 'conv-weight': {
      const [out = 1, , kh = 1, kw = 1] = spec.shape
      const deviation = LAST_LAYERS.has(spec.name) ? HEAD_DEVIATION : Math.sqrt(2 / (kh * kw * out))
      const random = createRandom(seed, spec.name)
      for (let i = 0; i < size; i++) {
        values[i] = random.normal() * deviation
      }
      break
    }
    case 'conv-bias': {
      if (task === 'segmentation') {
        const random = createRandom(seed, spec.name)
        for (let i = 0; i < size; i++) {
          values[i] = (2 * random.next() - 1) / Math.sqrt(fanIn)
        }
      }
      break
    }
    case 'norm-weight':
    case 'running-var':
      values.fill(1)
      break
    case 'norm-bias':
    case 'running-mean':
      break
    default:
      spec.kind satisfies never
  }
  return { shape: spec.shape, values }
}
