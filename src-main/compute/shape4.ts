import type { Shape } from './kernels.ts'

export function shape4(shape: Shape): readonly [number, number, number, number] {
  const [a, b, c, d] = shape
  if (a === undefined || b === undefined || c === undefined || d === undefined || shape.length !== 4) {
    throw new RangeError(`a convolution takes tensors of rank 4, got [${shape.join(', ')}]`)
  }
  return [a, b, c, d]
}
