import type { Kernels } from '../compute/kernels.ts'
import { singleOutput } from '../compute/network-ops.ts'
import type { Value } from '../compute/network-ops.ts'
import type { NetworkConfig } from '../contract/index.ts'
import type { SegmentationEvaluationItem } from '../datasets/batch.ts'
import type { Forward, ScoreOptions } from './task.ts'

/**
 * Label maps at the stored size of every image (method.md 6.3): logits, up-sampled bilinearly, arg-max. `visit` gets
 * them one by one, since all of them together can be large.
 */
export async function predictLabelMaps(
  kernels: Kernels,
  forward: Forward,
  items: readonly SegmentationEvaluationItem[],
  network: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>,
  options: ScoreOptions,
  visit: (item: SegmentationEvaluationItem, labels: Uint8Array) => void,
): Promise<void> {
  for (const chunk of chunksOfOneSize(items, options.batch)) {
    const [first] = chunk
    if (first === undefined) {
      continue
    }
    const logits = forwardChunk(kernels, forward, chunk, network, options.flipTest)
    const classes = logits.shape[3] ?? 0
    const big = kernels.resizeBilinear(logits.handle, logits.shape, first.height, first.width)
    kernels.release(logits.handle)
    const best = kernels.argMaxChannels(big, [chunk.length, first.height, first.width, classes])
    kernels.release(big)
    const values = await kernels.download(best)
    kernels.release(best)
    const pixels = first.height * first.width
    chunk.forEach((item, i) => {
      visit(item, Uint8Array.from(values.subarray(i * pixels, (i + 1) * pixels)))
    })
  }
}

function forwardChunk(
  kernels: Kernels,
  forward: Forward,
  chunk: readonly SegmentationEvaluationItem[],
  { inputHeight, inputWidth }: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>,
  flipTest: boolean,
): Value {
  const shape = [chunk.length, inputHeight, inputWidth, 3]
  const values = new Float32Array(chunk.length * inputHeight * inputWidth * 3)
  chunk.forEach(({ input }, i) => {
    values.set(input, i * input.length)
  })
  const input = kernels.upload(values, shape)
  const plain = singleOutput(forward({ handle: input, shape }))
  if (!flipTest) {
    kernels.release(input)
    return plain
  }
  const mirroredInput = kernels.flipWidth(input)
  kernels.release(input)
  const mirrored = singleOutput(forward({ handle: mirroredInput, shape }))
  kernels.release(mirroredInput)
  const restored = kernels.flipWidth(mirrored.handle)
  kernels.release(mirrored.handle)
  // The sum has the same arg-max as the mean.
  const handle = kernels.add([plain.handle, restored])
  kernels.release(plain.handle)
  kernels.release(restored)
  return { handle, shape: plain.shape }
}

/** Consecutive items of equal stored size, at most `batch` of them. */
function chunksOfOneSize(
  items: readonly SegmentationEvaluationItem[],
  batch: number,
): SegmentationEvaluationItem[][] {
  const chunks: SegmentationEvaluationItem[][] = []
  for (const item of items) {
    const last = chunks.at(-1)
    const [first] = last ?? []
    if (
      last !== undefined &&
      last.length < batch &&
      first?.width === item.width &&
      first.height === item.height
    ) {
      last.push(item)
    } else {
      chunks.push([item])
    }
  }
  return chunks
}
