import type { Kernels } from '../compute/kernels.ts'
import { singleOutput } from '../compute/network-ops.ts'
import type { Value } from '../compute/network-ops.ts'
import type { Forward, ImageChunk, ScoreOptions, ScoringPasses, ScoringSet } from './task.ts'

/** How one sub-network alone goes through the passes. */
export function scoringSetOf(count: number, passes: ScoringPasses): ScoringSet {
  return {
    count,
    passes,
    async score(kernels, forward, options) {
      const scorer = passes.openScorer(options)
      await forwardChunks(
        kernels,
        forward,
        passes.chunks(options),
        (_chunk, outputs) => scorer.add(kernels, outputs),
        options.pause,
      )
      return scorer.finish()
    },
  }
}

/**
 * Runs a network of one output over chunks of images, one after another.
 *
 * @param take - Gets the raw outputs of each chunk, one for each of its inputs; they are released afterwards.
 */
export async function forwardChunks<Chunk extends ImageChunk>(
  kernels: Kernels,
  forward: Forward,
  chunks: readonly Chunk[],
  take: (chunk: Chunk, outputs: readonly Value[]) => Promise<void>,
  pause?: ScoreOptions['pause'],
): Promise<void> {
  for (const [chunk, done, all] of countChunks(chunks)) {
    await pause?.(done, all)
    await withInputs(kernels, chunk, async (inputs) => {
      const outputs: Value[] = []
      try {
        for (const input of inputs) {
          outputs.push(singleOutput(forward(input)))
        }
        await take(chunk, outputs)
      } finally {
        releaseAll(kernels, outputs)
      }
    })
  }
}

/** Each chunk with the images before it and all there are. */
export function countChunks<Chunk extends ImageChunk>(
  chunks: readonly Chunk[],
): readonly (readonly [chunk: Chunk, done: number, all: number])[] {
  const all = chunks.reduce((sum, { count }) => sum + count, 0)
  let done = 0
  return chunks.map((chunk) => {
    done += chunk.count
    return [chunk, done - chunk.count, all] as const
  })
}

/** Decodes and uploads a chunk for the time of `use`. */
export async function withInputs<T>(
  kernels: Kernels,
  chunk: ImageChunk,
  use: (inputs: readonly Value[]) => Promise<T>,
): Promise<T> {
  const images = (await chunk.load()).map(({ input }) => input)
  const inputs = uploadImages(kernels, images, chunk)
  try {
    return await use(inputs)
  } finally {
    releaseAll(kernels, inputs)
  }
}

function uploadImages(
  kernels: Kernels,
  images: readonly Float32Array[],
  { height, width, mirrors }: Pick<ImageChunk, 'height' | 'width' | 'mirrors'>,
): Value[] {
  const shape = [images.length, height, width, 3]
  const values = new Float32Array(images.length * height * width * 3)
  images.forEach((image, i) => {
    values.set(image, i * image.length)
  })
  const handle = kernels.upload(values, shape)
  if (!mirrors) {
    return [{ handle, shape }]
  }
  try {
    return [
      { handle, shape },
      { handle: kernels.flipWidth(handle), shape },
    ]
  } catch (thrown) {
    kernels.release(handle)
    throw thrown
  }
}

function releaseAll(kernels: Kernels, values: readonly Value[]): void {
  for (const { handle } of values) {
    kernels.release(handle)
  }
}
