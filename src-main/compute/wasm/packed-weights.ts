import type { Shape } from '../kernels.ts'
import { shape4 } from '../shape4.ts'
import { PANEL_WIDTH } from './convolution-code.ts'
import type { GradientPhase } from '../gradient-phases.ts'
import type { WasmHeap } from './wasm-heap.ts'

const FLOAT_BYTES = 4

/** Channels of whole panels. */
export const paddedChannels = (channels: number): number => Math.ceil(channels / PANEL_WIDTH) * PANEL_WIDTH

/** Weights [rows, outputs] as panels [panel, rows, 8], the last one filled up with zeros. */
export function packForward(heap: WasmHeap, w: number, rows: number, outputs: number): number {
  const panels = paddedChannels(outputs) / PANEL_WIDTH
  const area = heap.scratch('weights', panels * rows * PANEL_WIDTH)
  const [rowBytes, panelRow] = [outputs * FLOAT_BYTES, PANEL_WIDTH * FLOAT_BYTES]
  const full = Math.floor(outputs / PANEL_WIDTH)
  for (let panel = 0; panel < full; panel++) {
    heap.simd.copyRows4(w + panel * panelRow, area + panel * rows * panelRow, rows, rowBytes, panelRow, 2)
  }
  if (full < panels) {
    const last = area + full * rows * panelRow
    heap.floatsAt(last, rows * PANEL_WIDTH).fill(0)
    heap.simd.copyRows1(w + full * panelRow, last, rows, rowBytes, panelRow, outputs - full * PANEL_WIDTH)
  }
  return area
}

/** The taps of one phase, with input channels as columns: panels [panel, tap row, tap, output, 8]. */
export function packBackward(
  heap: WasmHeap,
  w: number,
  wShape: Shape,
  columns: number,
  phase: GradientPhase,
): number {
  const [k, , inputs, outputs] = shape4(wShape)
  const taps = phase.y.taps.flatMap((ky) => phase.x.taps.map((kx) => ky * k + kx))
  const panelSize = taps.length * outputs * PANEL_WIDTH
  const panels = columns / PANEL_WIDTH
  const area = heap.scratch('weights', panels * panelSize)
  const packed = heap.floatsAt(area, panels * panelSize)
  if (columns !== inputs) {
    packed.fill(0)
  }
  const weights = heap.floatsAt(w, k * k * inputs * outputs)
  taps.forEach((tap, t) => {
    for (let i = 0; i < inputs; i++) {
      const lane = i % PANEL_WIDTH
      const source = (tap * inputs + i) * outputs
      const target = ((i - lane) / PANEL_WIDTH) * panelSize + t * outputs * PANEL_WIDTH + lane
      for (let o = 0; o < outputs; o++) {
        packed[target + o * PANEL_WIDTH] = weights[source + o] ?? 0
      }
    }
  })
  return area
}
