import { withScope } from '../compute/handle-scope.ts'
import type { HandleScope } from '../compute/handle-scope.ts'
import type { Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import type { NetworkConfig } from '../contract/index.ts'
import type { SegmentationEvaluationItem } from '../datasets/batch.ts'
import { keepAll, type Pictures } from './pictures.ts'
import { forwardChunks } from './score-chunks.ts'
import type { Forward, ImageChunk, ScoreOptions } from './task.ts'

/** Images of one stored size that pass a network together. */
export interface ItemChunk extends ImageChunk<SegmentationEvaluationItem> {
  /** Stored size in pixels, of which the label maps are. */
  readonly mapHeight: number
  readonly mapWidth: number
}

/** Stored size in pixels. */
export type StoredSize = Pick<SegmentationEvaluationItem, 'width' | 'height'>

export function chunkItems(
  items: Pictures<StoredSize, SegmentationEvaluationItem>,
  { inputHeight, inputWidth }: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>,
  { batch, flipTest }: ScoreOptions,
): readonly ItemChunk[] {
  const sizes = items.known.map(({ width, height }) => `${String(width)}x${String(height)}`)
  return runsOfOneSize(sizes, batch).map(({ begin, end }): ItemChunk => {
    const first = items.known[begin]
    return {
      count: end - begin,
      load: () => items.load(begin, end),
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
  await forwardChunks(kernels, forward, chunkItems(keepAll(items), network, options), (chunk, outputs) =>
    labelChunk(kernels, chunk, outputs, visit),
  )
}

/** @param outputs - Logits of the images, then where the chunk mirrors those of the mirrored images; stay owned by the caller. */
export async function labelChunk(
  kernels: Kernels,
  chunk: ItemChunk,
  outputs: readonly Value[],
  visit: Visit,
): Promise<void> {
  const { mapHeight, mapWidth } = chunk
  const items = await chunk.load()
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

/** Consecutive places of equal sizes, at most `batch` of them; each from `begin` up to `end`, excluded. */
export function runsOfOneSize(
  sizes: readonly string[],
  batch: number,
): readonly { readonly begin: number; readonly end: number }[] {
  const runs: { begin: number; end: number }[] = []
  for (const [index, size] of sizes.entries()) {
    const last = runs.at(-1)
    if (last !== undefined && last.end - last.begin < batch && sizes[last.begin] === size) {
      last.end = index + 1
    } else {
      runs.push({ begin: index, end: index + 1 })
    }
  }
  return runs
}
