import type { RunConfig } from '../../contract/index.ts'
import type { Batch, SceneTarget } from '../../datasets/batch.ts'
import { trainingInputSize } from '../../datasets/training-input-size.ts'
import { createRandom } from '../../nas/random.ts'

export const BENCH_IGNORE_LABEL = 255
/** About what the void of street scenes covers. */
const IGNORED_SHARE = 0.02
/** In every picture of a batch of whole pictures. */
const PERSONS = 3

/** A training batch of noise: speed does not depend on what is in the pictures, and nothing has to be read or drawn. */
export function createBenchBatch(config: RunConfig, outputs: number, size: number): Batch {
  const { inputHeight, inputWidth } = trainingInputSize(config)
  const random = createRandom(config.seed, 'bench batch')
  const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.next())
  const pixels = size * inputHeight * inputWidth
  const input = draw(pixels * 3).map((value) => 4 * value - 2)
  if (config.task === 'pose') {
    const target = draw((pixels / 16) * outputs)
    const weights = draw(size * outputs).map((value) => (value < 0.9 ? 1 : 0))
    return { kind: 'pose', size, ids: [], input, target, weights, toImage: [] }
  }
  if (config.task === 'bottom-up-pose') {
    const targetAt = (stride: number): SceneTarget => ({
      heat: draw((pixels / stride ** 2) * outputs),
      mask: new Float32Array(pixels / stride ** 2).fill(1),
    })
    const places = (pixels / size / 16) * outputs
    const person = (): number[] => Array.from({ length: outputs }, () => random.int(places))
    const persons = Array.from({ length: size }, () => Array.from({ length: PERSONS }, person))
    return { kind: 'bottom-up-pose', size, ids: [], input, coarse: targetAt(4), fine: targetAt(2), persons }
  }
  const labels = Int32Array.from({ length: pixels }, () =>
    random.bernoulli(IGNORED_SHARE) ? BENCH_IGNORE_LABEL : random.int(outputs),
  )
  return { kind: 'segmentation', size, ids: [], input, labels }
}
