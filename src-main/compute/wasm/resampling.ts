import type { Handle, Shape } from '../kernels.ts'
import type { WasmHeap } from './wasm-heap.ts'

const FLOAT_BYTES = 4

/** Every pixel as a block of factor x factor; x [N, H, W, C]. */
export function upsampleNearest(heap: WasmHeap, x: Handle, shape: Shape, factor: number): Handle {
  const [n = 0, h = 0, w = 0, c = 0] = shape
  const y = heap.allocate([n, h * factor, w * factor, c])
  const line = w * c * FLOAT_BYTES
  const wideLine = line * factor
  const [from, to] = [heap.addressOf(x), heap.addressOf(y)]
  for (let row = 0; row < n * h; row++) {
    const target = to + row * factor * wideLine
    if (c % 4 === 0) {
      heap.simd.spread4(from + row * line, target, w, factor, c / 4)
    } else {
      heap.simd.spread1(from + row * line, target, w, factor, c)
    }
    const first = heap.floatsAt(target, w * factor * c)
    for (let copy = 1; copy < factor; copy++) {
      heap.floatsAt(target + copy * wideLine, w * factor * c).set(first)
    }
  }
  return y
}

/** Sum over each block of factor x factor; dy [N, H, W, C] → dx [N, H/factor, W/factor, C]. */
export function upsampleNearestGradient(heap: WasmHeap, dy: Handle, dyShape: Shape, factor: number): Handle {
  const [n = 0, h = 0, w = 0, c = 0] = dyShape
  const dx = heap.allocate([n, h / factor, w / factor, c])
  const wideLine = w * c * FLOAT_BYTES
  const line = wideLine / factor
  const [from, to] = [heap.addressOf(dy), heap.addressOf(dx)]
  for (let row = 0; row < (n * h) / factor; row++) {
    const source = from + row * factor * wideLine
    if (c % 4 === 0) {
      heap.simd.blockSum4(source, to + row * line, w / factor, factor, wideLine, c / 4)
    } else {
      heap.simd.blockSum1(source, to + row * line, w / factor, factor, wideLine, c)
    }
  }
  return dx
}

/** Half-pixel centres, edges clamped; x [N, H, W, C]. */
export function resizeBilinear(heap: WasmHeap, x: Handle, height: number, width: number): Handle {
  const attributes = { size: [height, width], alignCorners: false, halfPixelCenters: true }
  return heap.run('ResizeBilinear', { images: x }, attributes)
}

/** The transpose of {@link resizeBilinear}, one axis after the other: every line, then every column, goes to those it was mixed of. */
export function resizeBilinearGradient(heap: WasmHeap, dy: Handle, xShape: Shape): Handle {
  const [n = 0, h = 0, w = 0, c = 0] = xShape
  const [, height = 0, width = 0] = heap.shapeOf(dy)
  const dx = heap.allocate(xShape)
  const lines = heap.scratch('image', n * h * width * c)
  heap.floatsAt(lines, n * h * width * c).fill(0)
  heap.floats(dx).fill(0)
  const line = width * c * FLOAT_BYTES
  const pixel = c * FLOAT_BYTES
  bilinearTaps(height, h).forEach((taps, y) => {
    for (const [target, weight] of taps) {
      const from = heap.addressOf(dy) + y * line
      addRows(heap, from, lines + target * line, [n, height * line, h * line], width * c, weight)
    }
  })
  bilinearTaps(width, w).forEach((taps, x) => {
    for (const [target, weight] of taps) {
      const to = heap.addressOf(dx) + target * pixel
      addRows(heap, lines + x * pixel, to, [n * h, line, w * pixel], c, weight)
    }
  })
  return dx
}

function addRows(
  heap: WasmHeap,
  from: number,
  to: number,
  [rows, fromStride, toStride]: readonly [number, number, number],
  floats: number,
  factor: number,
): void {
  if (floats % 4 === 0) {
    heap.simd.addRows4(from, to, rows, fromStride, toStride, floats / 4, factor)
  } else {
    heap.simd.addRows1(from, to, rows, fromStride, toStride, floats, factor)
  }
}

/** Mirrors the width axis: every line is written pixel by pixel from its end. */
export function flipWidth(heap: WasmHeap, x: Handle): Handle {
  const [n = 0, h = 0, w = 0, c = 0] = heap.shapeOf(x)
  const flipped = heap.allocate([n, h, w, c])
  const pixel = c * FLOAT_BYTES
  for (let row = 0; row < n * h; row++) {
    const from = heap.addressOf(x) + row * w * pixel
    const to = heap.addressOf(flipped) + ((row + 1) * w - 1) * pixel
    if (c % 4 === 0) {
      heap.simd.copyRows4(from, to, w, pixel, -pixel, c / 4)
    } else {
      heap.simd.copyRows1(from, to, w, pixel, -pixel, c)
    }
  }
  return flipped
}

type Taps = readonly (readonly [index: number, weight: number])[]

/** For each of `output` positions along one axis the inputs that it mixes. */
function bilinearTaps(output: number, input: number): readonly Taps[] {
  return Array.from({ length: output }, (_, i) => {
    const position = Math.min(Math.max(((i + 0.5) * input) / output - 0.5, 0), input - 1)
    const low = Math.floor(position)
    const weight = position - low
    return weight === 0
      ? [[low, 1]]
      : [
          [low, 1 - weight],
          [low + 1, weight],
        ]
  })
}
