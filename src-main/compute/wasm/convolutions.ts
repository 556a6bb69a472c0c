import type { Handle, Shape } from '../kernels.ts'
import { PANEL_WIDTH } from './convolution-code.ts'
import { paddingOf, phasesOfInputGradient } from '../gradient-phases.ts'
import type { GradientPhase } from '../gradient-phases.ts'
import { shape4 } from '../shape4.ts'
import { packBackward, packForward, paddedChannels } from './packed-weights.ts'
import type { WasmHeap } from './wasm-heap.ts'

const FLOAT_BYTES = 4
/** Bytes of x and dy that one piece of a filter gradient may touch: most of a first-level cache. */
const PIECE_BYTES = 24 * 1024
/** Below this the accumulators are stored more often than they are used. */
const FEWEST_PIXELS = 32

interface Image {
  readonly n: number
  readonly h: number
  readonly w: number
  readonly c: number
}

interface Placed extends Image {
  readonly address: number
}

/** y = x * w, padding as in Kernels.conv2d. */
export function conv2d(
  heap: WasmHeap,
  x: Handle,
  xShape: Shape,
  w: Handle,
  wShape: Shape,
  stride: number,
): Handle {
  const [k, , , outputs] = shape4(wShape)
  const image = padded(heap, heap.addressOf(x), imageOf(xShape), paddingOf(k))
  const out = outputOf(imageOf(xShape), outputs, stride)
  const rows = k * k * image.c
  const weights = packForward(heap, heap.addressOf(w), rows, outputs)
  const y = heap.allocate([out.n, out.h, out.w, outputs])
  withPanels(heap, heap.addressOf(y), out, (address, channels) => {
    heap.simd.convolve(
      image.address,
      weights,
      address,
      gridTable(heap, image, out, stride),
      gridTable(heap, { ...out, c: channels }, out, 1),
      channels / PANEL_WIDTH,
      out.n * out.h * out.w,
      k,
      k * image.c,
      rows * PANEL_WIDTH * FLOAT_BYTES,
      (image.w - k) * image.c * FLOAT_BYTES,
    )
  })
  return y
}

/** dx of {@link conv2d}: each phase of the stride is a convolution of dy with the taps that reach it. */
export function conv2dInputGradient(
  heap: WasmHeap,
  dy: Handle,
  dyShape: Shape,
  w: Handle,
  wShape: Shape,
  xShape: Shape,
  stride: number,
): Handle {
  const [k] = shape4(wShape)
  const pad = paddingOf(k)
  const image = padded(heap, heap.addressOf(dy), imageOf(dyShape), pad)
  const out = imageOf(xShape)
  const dx = heap.allocate(xShape)
  withPanels(heap, heap.addressOf(dx), out, (address, channels) => {
    const phases = phasesOfInputGradient(k, stride)
    if (phases.length < stride * stride) {
      // A 1x1 kernel reaches one pixel of each stride x stride block; the others get no gradient.
      heap.floatsAt(address, out.n * out.h * out.w * channels).fill(0)
    }
    for (const phase of phases) {
      convolvePhase(heap, {
        image,
        out: { ...out, c: channels, address },
        w: heap.addressOf(w),
        wShape,
        stride,
        pad,
        phase,
      })
    }
  })
  return dx
}

function convolvePhase(
  heap: WasmHeap,
  p: {
    readonly image: Placed
    readonly out: Placed
    readonly w: number
    readonly wShape: Shape
    readonly stride: number
    readonly pad: number
    readonly phase: GradientPhase
  },
): void {
  const { image, out, stride, pad, phase } = p
  const { y, x } = phase
  const grid = {
    n: out.n,
    h: Math.ceil((out.h - y.phase) / stride),
    w: Math.ceil((out.w - x.phase) / stride),
    c: 0,
  }
  const pixels = grid.n * grid.h * grid.w
  if (pixels === 0) {
    return
  }
  const [kernelRows, run] = [y.taps.length, x.taps.length * image.c]
  const offset = ((pad + y.first) * image.w + pad + x.first) * image.c
  const target = (y.phase * out.w + x.phase) * out.c
  heap.simd.convolve(
    image.address + offset * FLOAT_BYTES,
    packBackward(heap, p.w, p.wShape, out.c, phase),
    out.address + target * FLOAT_BYTES,
    gridTable(heap, image, grid, 1),
    gridTable(heap, out, grid, stride),
    out.c / PANEL_WIDTH,
    pixels,
    kernelRows,
    run,
    kernelRows * run * PANEL_WIDTH * FLOAT_BYTES,
    (image.w - x.taps.length) * image.c * FLOAT_BYTES,
  )
}

/** dw of {@link conv2d}, piece by piece over the pixels. */
export function conv2dFilterGradient(
  heap: WasmHeap,
  x: Handle,
  xShape: Shape,
  dy: Handle,
  dyShape: Shape,
  wShape: Shape,
  stride: number,
): Handle {
  const [k, , inputs, outputs] = shape4(wShape)
  const image = padded(heap, heap.addressOf(x), imageOf(xShape), paddingOf(k))
  const out = imageOf(dyShape)
  const table = gridTable(heap, image, out, stride)
  const pixels = out.n * out.h * out.w
  const channels = paddedChannels(outputs)
  const gradient =
    channels === outputs ? heap.addressOf(dy) : widened(heap, heap.addressOf(dy), pixels, outputs)
  const dw = heap.allocate(wShape)
  withPanels(heap, heap.addressOf(dw), { n: k, h: k, w: inputs, c: outputs }, (address) => {
    heap.floatsAt(address, k * k * inputs * channels).fill(0)
    const piece = Math.max(
      FEWEST_PIXELS,
      Math.floor(PIECE_BYTES / ((inputs * stride + channels) * FLOAT_BYTES)),
    )
    for (let first = 0; first < pixels; first += piece) {
      heap.simd.correlate(
        image.address,
        table + first * FLOAT_BYTES,
        gradient + first * channels * FLOAT_BYTES,
        address,
        Math.min(piece, pixels - first),
        k,
        image.w * inputs * FLOAT_BYTES,
        k * inputs,
        channels / PANEL_WIDTH,
        channels * FLOAT_BYTES,
      )
    }
  })
  return dw
}

/** Calls with the target, or with a work area of whole panels whose columns are copied to the target afterwards. */
function withPanels(
  heap: WasmHeap,
  target: number,
  { n, h, w, c }: Image,
  compute: (address: number, channels: number) => void,
): void {
  const channels = paddedChannels(c)
  if (channels === c) {
    compute(target, c)
    return
  }
  const rows = n * h * w
  const area = heap.scratch('output', rows * channels)
  compute(area, channels)
  heap.simd.copyRows1(area, target, rows, channels * FLOAT_BYTES, c * FLOAT_BYTES, c)
}

/** A copy whose rows are filled up with zeros to whole panels. */
function widened(heap: WasmHeap, address: number, rows: number, columns: number): number {
  const channels = paddedChannels(columns)
  const area = heap.scratch('channels', rows * channels)
  heap.floatsAt(area, rows * channels).fill(0)
  heap.simd.copyRows1(address, area, rows, columns * FLOAT_BYTES, channels * FLOAT_BYTES, columns)
  return area
}

/** The image with a border of zeros; itself without one. */
function padded(heap: WasmHeap, address: number, { n, h, w, c }: Image, pad: number): Placed {
  if (pad === 0) {
    return { n, h, w, c, address }
  }
  const [height, width] = [h + 2 * pad, w + 2 * pad]
  const area = heap.scratch('image', n * height * width * c)
  heap.floatsAt(area, n * height * width * c).fill(0)
  const [line, wideLine] = [w * c * FLOAT_BYTES, width * c * FLOAT_BYTES]
  for (let b = 0; b < n; b++) {
    const target = area + b * height * wideLine + pad * (wideLine + c * FLOAT_BYTES)
    copyLines(heap, address + b * h * line, target, h, line, wideLine)
  }
  return { n, h: height, w: width, c, address: area }
}

function copyLines(
  heap: WasmHeap,
  from: number,
  to: number,
  lines: number,
  fromStride: number,
  toStride: number,
): void {
  const floats = fromStride / FLOAT_BYTES
  if (floats % 4 === 0) {
    heap.simd.copyRows4(from, to, lines, fromStride, toStride, floats / 4)
  } else {
    heap.simd.copyRows1(from, to, lines, fromStride, toStride, floats)
  }
}

/** Byte offsets in `image` of the pixels of a grid that takes every `step`-th pixel in both directions. */
function gridTable(heap: WasmHeap, image: Image, grid: Image, step: number): number {
  const key = [image.h, image.w, image.c, grid.n, grid.h, grid.w, step].join()
  return heap.table(key, grid.n * grid.h * grid.w, (offsets) => {
    let i = 0
    for (let b = 0; b < grid.n; b++) {
      for (let y = 0; y < grid.h; y++) {
        for (let x = 0; x < grid.w; x++) {
          offsets[i] = ((b * image.h + y * step) * image.w + x * step) * image.c * FLOAT_BYTES
          i += 1
        }
      }
    }
  })
}

function outputOf({ n, h, w }: Image, channels: number, stride: number): Image {
  return { n, h: Math.floor((h - 1) / stride) + 1, w: Math.floor((w - 1) / stride) + 1, c: channels }
}

function imageOf(shape: Shape): Image {
  const [n, h, w, c] = shape4(shape)
  return { n, h, w, c }
}
