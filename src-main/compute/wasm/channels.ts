import type { Handle, Shape } from '../kernels.ts'
import type { WasmHeap } from './wasm-heap.ts'

const FLOAT_BYTES = 4
const LANES = 4

/** Joins along the last axis; all other axes agree. */
export function concatChannels(heap: WasmHeap, tensors: readonly Handle[]): Handle {
  const shapes = tensors.map((tensor) => heap.shapeOf(tensor))
  const sizes = shapes.map((shape) => shape.at(-1) ?? 0)
  const [first] = shapes
  if (first === undefined) {
    throw new RangeError('concat needs at least one tensor')
  }
  const channels = sizes.reduce((a, b) => a + b, 0)
  const joined = heap.allocate([...first.slice(0, -1), channels])
  const rows = heap.sizeOf(joined) / channels
  let begin = 0
  tensors.forEach((tensor, i) => {
    const size = sizes[i] ?? 0
    copyChannels(heap, heap.addressOf(tensor), heap.addressOf(joined) + begin * FLOAT_BYTES, rows, [
      size,
      channels,
      size,
    ])
    begin += size
  })
  return joined
}

/** Channels [begin, begin + size) of x. */
export function sliceChannels(heap: WasmHeap, x: Handle, shape: Shape, begin: number, size: number): Handle {
  const channels = shape.at(-1) ?? 0
  if (begin < 0 || size < 1 || begin + size > channels) {
    throw new RangeError(`channels ${begin} to ${begin + size} are outside of 0 to ${channels}`)
  }
  const part = heap.allocate([...shape.slice(0, -1), size])
  const rows = heap.sizeOf(part) / size
  copyChannels(heap, heap.addressOf(x) + begin * FLOAT_BYTES, heap.addressOf(part), rows, [
    channels,
    size,
    size,
  ])
  return part
}

/** Index of the largest channel of each pixel, the first of equals. */
export function argMaxChannels(heap: WasmHeap, x: Handle, shape: Shape): Handle {
  const channels = shape.at(-1) ?? 0
  const indices = heap.allocate(shape.slice(0, -1))
  const rows = heap.sizeOf(indices)
  const grouped = rows - (rows % LANES)
  heap.simd.argMax(
    heap.addressOf(x),
    heap.addressOf(indices),
    grouped / LANES,
    channels,
    channels * FLOAT_BYTES,
  )
  const [values, target] = [heap.floats(x), heap.floats(indices)]
  for (let row = grouped; row < rows; row++) {
    const begin = row * channels
    let best = 0
    let largest = values[begin] ?? 0
    for (let c = 1; c < channels; c++) {
      const value = values[begin + c] ?? 0
      if (value > largest) {
        largest = value
        best = c
      }
    }
    target[row] = best
  }
  return indices
}

/** See Kernels.softmaxCrossEntropy; the loss by log-sum-exp, so that a vanishing probability is no infinite loss. */
export function softmaxCrossEntropy(
  heap: WasmHeap,
  logits: Handle,
  labels: Handle,
  rows: number,
  classes: number,
): readonly [loss: Handle, backprop: Handle] {
  const [lossHandle, backpropHandle] = [heap.allocate([rows]), heap.allocate([rows, classes])]
  const work = heap.scratch('channels', classes * LANES)
  // A row that is computed alone fills four places.
  const room = rows + LANES
  const largestAt = heap.scratch('output', 2 * room)
  const totalsAt = largestAt + room * FLOAT_BYTES
  const rowBytes = classes * FLOAT_BYTES
  const softmax = (first: number, groups: number, laneBytes: number): void => {
    heap.simd.softmax(
      heap.addressOf(logits) + first * rowBytes,
      heap.addressOf(backpropHandle) + first * rowBytes,
      work,
      largestAt + first * FLOAT_BYTES,
      totalsAt + first * FLOAT_BYTES,
      groups,
      classes,
      laneBytes,
    )
  }
  const grouped = rows - (rows % LANES)
  softmax(0, grouped / LANES, rowBytes)
  for (let row = grouped; row < rows; row++) {
    softmax(row, 1, 0)
  }
  const [largest, totals] = [heap.floatsAt(largestAt, rows), heap.floatsAt(totalsAt, rows)]
  const [loss, backprop] = [heap.floats(lossHandle), heap.floats(backpropHandle)]
  const [values, truth] = [heap.floats(logits), heap.ints(labels)]
  for (let row = 0; row < rows; row++) {
    const label = truth[row] ?? -1
    if (label < 0 || label >= classes) {
      throw new RangeError(`label ${label} in row ${row} is outside of 0 to ${classes - 1}`)
    }
    const index = row * classes + label
    loss[row] = Math.log(totals[row] ?? 0) + (largest[row] ?? 0) - (values[index] ?? 0)
    backprop[index] = (backprop[index] ?? 0) - 1
  }
  return [lossHandle, backpropHandle]
}

function copyChannels(
  heap: WasmHeap,
  from: number,
  to: number,
  rows: number,
  [fromChannels, toChannels, count]: readonly [number, number, number],
): void {
  if (count % 4 === 0) {
    heap.simd.copyRows4(from, to, rows, fromChannels * FLOAT_BYTES, toChannels * FLOAT_BYTES, count / 4)
  } else {
    heap.simd.copyRows1(from, to, rows, fromChannels * FLOAT_BYTES, toChannels * FLOAT_BYTES, count)
  }
}
