import {
  advance,
  defineFunction,
  get,
  i32,
  i32Add,
  i32And,
  i32Load,
  i32Multiply,
  i32ShiftRight,
  loadFilled,
  set,
} from './assembler.ts'
import type { Code, FunctionCode, Lanes, Scope } from './assembler.ts'

/** Output channels of one register tile: two vectors. Packed weights come in panels of this many. */
export const PANEL_WIDTH = 8
const PANEL_BYTES = PANEL_WIDTH * 4
const VECTOR_BYTES = 16
/** Pixels (or kernel rows) of one register tile: 4 x 2 accumulators, 2 weights and a pixel fit x64's 16 registers. */
const TILE = 4

/**
 * The two inner loops of all convolutions. Images are padded copies in N, H, W, C, so the taps of one kernel row and their
 * channels are one contiguous run of floats for each pixel.
 */
export function convolutionCode(lanes: Lanes): readonly FunctionCode[] {
  return [convolve(lanes), correlate(lanes)]
}

/** Locals of a register tile: one line is a pixel (or kernel row) with the accumulators of its 8 output channels. */
interface Tile {
  readonly lines: readonly { readonly pointer: number; readonly low: number; readonly high: number }[]
  readonly low: number
  readonly high: number
}

function declareTile(lanes: Lanes, { local }: Scope): Tile {
  const lines = Array.from({ length: TILE }, () => ({
    pointer: local('i32'),
    low: local(lanes.type),
    high: local(lanes.type),
  }))
  return { lines, low: local(lanes.type), high: local(lanes.type) }
}

/** Adds 8 weights times one float of each line to that line's accumulators. */
function multiplyRow(
  lanes: Lanes,
  tile: Tile,
  lines: Tile['lines'],
  weights: { readonly address: Code; readonly offset: number },
  floatOf: (line: Tile['lines'][number], j: number) => Code,
): Code {
  return [
    set(tile.low, lanes.load(weights.address, weights.offset)),
    set(tile.high, lanes.load(weights.address, weights.offset + VECTOR_BYTES)),
    lines.map((line, j) => [
      set(line.low, lanes.multiplyAdd(floatOf(line, j), get(tile.low), get(line.low))),
      set(line.high, lanes.multiplyAdd(floatOf(line, j), get(tile.high), get(line.high))),
    ]),
  ]
}

/**
 * y[pixel, o] = sum over kernel rows and run of x[pixel offset + row * (run + skip) + k] * w[panel, row, k, o].
 * The tables hold the byte offsets of pixels in x and y; a panel of y is 8 channels; `tapSkip` is the bytes from the end of one
 * kernel row's run to the next.
 */
function convolve(lanes: Lanes): FunctionCode {
  const pointers = ['x', 'w', 'y', 'xTable', 'yTable'] as const
  const counts = ['panels', 'pixels', 'kernelRows', 'run', 'panelBytes', 'tapSkip'] as const
  return defineFunction('convolve', { i32: [...pointers, ...counts] }, (p, scope) => {
    const tile = declareTile(lanes, scope)
    const [xEntry, yEntry] = [scope.local('i32'), scope.local('i32')]
    const [weight, target] = [scope.local('i32'), scope.local('i32')]
    const multiply = (lines: Tile['lines'], unroll: number): Code => [
      Array.from({ length: unroll }, (_, u) =>
        multiplyRow(lanes, tile, lines, { address: get(weight), offset: u * PANEL_BYTES }, ({ pointer }) =>
          loadFilled(get(pointer), u * 4),
        ),
      ),
      lines.map(({ pointer }) => advance(pointer, i32(unroll * 4))),
      advance(weight, i32(unroll * PANEL_BYTES)),
    ]
    const pixels = (lines: Tile['lines']): Code => [
      lines.map(({ pointer, low, high }) => [
        set(pointer, i32Add(get(p.x), i32Load(get(xEntry)))),
        advance(xEntry, i32(4)),
        set(low, lanes.zero),
        set(high, lanes.zero),
      ]),
      set(weight, get(p.w)),
      scope.repeat(get(p.kernelRows), [
        scope.repeat(i32ShiftRight(get(p.run), 2), multiply(lines, 4)),
        scope.repeat(i32And(get(p.run), i32(3)), multiply(lines, 1)),
        lines.map(({ pointer }) => advance(pointer, get(p.tapSkip))),
      ]),
      lines.map(({ low, high }) => [
        set(target, i32Add(get(p.y), i32Load(get(yEntry)))),
        advance(yEntry, i32(4)),
        lanes.store(get(target), get(low)),
        lanes.store(get(target), get(high), VECTOR_BYTES),
      ]),
    ]
    return scope.repeat(get(p.panels), [
      set(xEntry, get(p.xTable)),
      set(yEntry, get(p.yTable)),
      scope.repeat(i32ShiftRight(get(p.pixels), 2), pixels(tile.lines)),
      scope.repeat(i32And(get(p.pixels), i32(TILE - 1)), pixels(tile.lines.slice(0, 1))),
      advance(p.w, get(p.panelBytes)),
      advance(p.y, i32(PANEL_BYTES)),
    ])
  })
}

/**
 * dw[row, k, o] += sum over pixels of x[pixel offset + row * tapRow + k] * dy[pixel, o], for some pixels: the caller goes through
 * an image in pieces that fit the first cache. `dwRow` is the bytes of all o, in dw and in dy.
 */
function correlate(lanes: Lanes): FunctionCode {
  const pointers = ['x', 'xTable', 'dy', 'dw'] as const
  const counts = ['pixels', 'kernelRows', 'tapRow', 'run', 'panels', 'dwRow'] as const
  return defineFunction('correlate', { i32: [...pointers, ...counts] }, (p, scope) => {
    const tile = declareTile(lanes, scope)
    const [entry, source, gradient] = [scope.local('i32'), scope.local('i32'), scope.local('i32')]
    const [kernel, column, image] = [scope.local('i32'), scope.local('i32'), scope.local('i32')]
    const pixels = (lines: Tile['lines']): Code => [
      set(entry, get(p.xTable)),
      set(gradient, get(column)),
      scope.repeat(get(p.pixels), [
        set(source, i32Add(get(image), i32Load(get(entry)))),
        multiplyRow(lanes, tile, lines, { address: get(gradient), offset: 0 }, (_, j) =>
          loadFilled(get(source), j * 4),
        ),
        advance(entry, i32(4)),
        advance(gradient, get(p.dwRow)),
      ]),
    ]
    const kernelRows = (lines: Tile['lines']): Code => [
      set(column, get(p.dy)),
      scope.repeat(get(p.panels), [
        lines.map(({ pointer, low, high }, j) => [
          set(pointer, i32Add(get(kernel), i32Multiply(get(p.dwRow), i32(j)))),
          set(low, lanes.load(get(pointer))),
          set(high, lanes.load(get(pointer), VECTOR_BYTES)),
        ]),
        pixels(lines),
        lines.map(({ pointer, low, high }) => [
          lanes.store(get(pointer), get(low)),
          lanes.store(get(pointer), get(high), VECTOR_BYTES),
        ]),
        advance(kernel, i32(PANEL_BYTES)),
        advance(column, i32(PANEL_BYTES)),
      ]),
      // All panels together moved `kernel` on by one row already.
      advance(kernel, i32Multiply(get(p.dwRow), i32(lines.length - 1))),
      advance(image, i32(lines.length * 4)),
    ]
    return [
      set(kernel, get(p.dw)),
      scope.repeat(get(p.kernelRows), [
        set(image, get(p.x)),
        scope.repeat(i32ShiftRight(get(p.run), 2), kernelRows(tile.lines)),
        scope.repeat(i32And(get(p.run), i32(3)), kernelRows(tile.lines.slice(0, 1))),
        advance(p.x, get(p.tapRow)),
      ]),
    ]
  })
}
