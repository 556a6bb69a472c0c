import { withScope } from '../compute/handle-scope.ts'
import type { HandleScope } from '../compute/handle-scope.ts'
import type { Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import type { NetworkConfig } from '../contract/index.ts'
import type { SegmentationEvaluationItem } from '../datasets/batch.ts'
import { forwardChunks } from './score-chunks.ts'
import type { Forward, ImageChunk, ScoreOptions } from './task.ts'

/** Images of one stored size that pass a network together. */
export interface ItemChunk extends ImageChunk {
  readonly items: readonly SegmentationEvaluationItem[]
  /** Stored size in pixels, of which the label maps are. */
  readonly mapHeight: number
  readonly mapWidth: number
}

export function chunkItems(
  items: readonly SegmentationEvaluationItem[],
  { inputHeight, inputWidth }: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>,
  { batch, flipTest }: ScoreOptions,
): readonly ItemChunk[] {
  return chunksOfOneSize(items, batch).map((chunk): ItemChunk => {
    const [first] = chunk
    return {
      items: chunk,
      images: chunk.map(({ input }) => input),
      ...{ height: inputHeight, width: inputWidth, mirrors: flipTest },
      ...{ mapHeight: first?.height ?? 0, mapWidth: first?.width ?? 0 },
    }
  })
}

type Visit = (item: SegmentationEvaluationItem, labels: Uint8Array) => void

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
  visit: Visit,
): Promise<void> {
  await forwardChunks(kernels, forward, chunkItems(items, network, options), (chunk, outputs) =>
    labelChunk(kernels, chunk, outputs, visit),
  )
}

/** @param outputs - Logits of the images, then where the chunk mirrors those of the mirrored images; stay owned by the caller. */
export async function labelChunk(
  kernels: Kernels,
  { items, mapHeight, mapWidth }: ItemChunk,
  outputs: readonly Value[],
  visit: Visit,
): Promise<void> {
  const best = withScope(kernels, (scope) => {
    const { handle, shape } = joinLogits(kernels, outputs, scope)
    const big = scope.own(kernels.resizeBilinear(handle, shape, mapHeight, mapWidth))
    return kernels.argMaxChannels(big, [items.length, mapHeight, mapWidth, shape[3] ?? 0])
  })
  try {
    const values = await kernels.download(best)
    const pixels = mapHeight * mapWidth
    items.forEach((item, i) => {
      visit(item, Uint8Array.from(values.subarray(i * pixels, (i + 1) * pixels)))
    })
  } finally {
    kernels.release(best)
  }
}

/** The sum of both passes has the same arg-max as their mean. */
function joinLogits(kernels: Kernels, outputs: readonly Value[], scope: HandleScope): Value {
  const [plain, mirrored] = outputs
  if (plain === undefined) {
    throw new RangeError('a chunk of images has no output')
  }
  if (mirrored === undefined) {
    return plain
  }
  const restored = scope.own(kernels.flipWidth(mirrored.handle))
  return { handle: scope.own(kernels.add([plain.handle, restored])), shape: plain.shape }
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
