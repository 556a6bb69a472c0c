import type { Handle } from '../kernels.ts'
import { vectorsOf } from './wasm-heap.ts'
import type { WasmHeap } from './wasm-heap.ts'

/** Rows of 16 floats whose sums stay in float32; pieces are added in float64. */
const PIECE_ROWS = 256
const ROW_FLOATS = 16
const NO_BOUND = -Infinity

/** Sum of one or more tensors, at least `bound` everywhere. */
export function addAll(heap: WasmHeap, tensors: readonly Handle[], bound: number = NO_BOUND): Handle {
  const [first, ...others] = tensors
  if (first === undefined) {
    throw new RangeError('a sum needs at least one tensor')
  }
  const out = like(heap, first)
  const [address, vectors] = [heap.addressOf(out), vectorsOf(heap.sizeOf(out))]
  if (others.length === 0) {
    heap.simd.bounded(heap.addressOf(first), address, vectors, bound)
  }
  others.forEach((other, i) => {
    requireSameSize(heap, first, other)
    const left = i === 0 ? heap.addressOf(first) : address
    heap.simd.sum(left, heap.addressOf(other), address, vectors, i === others.length - 1 ? bound : NO_BOUND)
  })
  return out
}

/** x where `sign` > 0, else 0. */
export function wherePositive(heap: WasmHeap, x: Handle, sign: Handle): Handle {
  requireSameSize(heap, x, sign)
  const out = like(heap, x)
  heap.simd.wherePositive(
    heap.addressOf(x),
    heap.addressOf(sign),
    heap.addressOf(out),
    vectorsOf(heap.sizeOf(x)),
    0,
  )
  return out
}

export function difference(heap: WasmHeap, a: Handle, b: Handle): Handle {
  requireSameSize(heap, a, b)
  const out = like(heap, a)
  heap.simd.difference(
    heap.addressOf(a),
    heap.addressOf(b),
    heap.addressOf(out),
    vectorsOf(heap.sizeOf(a)),
    0,
  )
  return out
}

export function scaled(heap: WasmHeap, x: Handle, factor: number): Handle {
  const out = like(heap, x)
  heap.simd.scaled(heap.addressOf(x), heap.addressOf(out), vectorsOf(heap.sizeOf(x)), factor)
  return out
}

/** Sum over all elements of f(x), a scalar tensor: of the values, or of their squares. */
export function total(heap: WasmHeap, x: Handle, of: 'values' | 'squares'): Handle {
  const size = heap.sizeOf(x)
  const rows = Math.floor(size / ROW_FLOATS)
  const area = heap.scratch('channels', ROW_FLOATS * 3)
  const [shift, sums, squares] = [area, area + ROW_FLOATS * 4, area + ROW_FLOATS * 8]
  heap.floatsAt(shift, ROW_FLOATS).fill(0)
  const piece = heap.floatsAt(of === 'values' ? sums : squares, ROW_FLOATS)
  let result = 0
  for (let first = 0; first < rows; first += PIECE_ROWS) {
    const address = heap.addressOf(x) + first * ROW_FLOATS * 4
    heap.simd.moments4(address, shift, sums, squares, Math.min(PIECE_ROWS, rows - first), ROW_FLOATS / 4)
    result += piece.reduce((a, b) => a + b, 0)
  }
  for (const value of heap.floats(x).subarray(rows * ROW_FLOATS)) {
    result += of === 'values' ? value : value * value
  }
  return heap.upload(Float32Array.of(result), [])
}

function like(heap: WasmHeap, x: Handle): Handle {
  return heap.allocate(heap.shapeOf(x))
}

function requireSameSize(heap: WasmHeap, a: Handle, b: Handle): void {
  if (heap.sizeOf(a) !== heap.sizeOf(b)) {
    throw new RangeError(
      `tensors of shapes [${heap.shapeOf(a).join()}] and [${heap.shapeOf(b).join()}] differ in size`,
    )
  }
}
