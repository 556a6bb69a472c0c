import {
  advance,
  defineFunction,
  get,
  i32,
  i32Add,
  i32And,
  i32Multiply,
  i32ShiftRight,
  i32Subtract,
  set,
} from './assembler.ts'
import type { Code, FunctionCode, Lanes, Scope } from './assembler.ts'

/**
 * Loops over tensors seen as rows of channels. Names end in the number of lanes: a row is `vectors` values of that many floats.
 * Norms come with and without the ReLU behind them; `y` is then the output, positive where the gradient passes.
 */
export function rowCode(lanes: Lanes): readonly FunctionCode[] {
  return [
    moments(lanes),
    normalise(lanes),
    gradientSums(lanes, false),
    gradientSums(lanes, true),
    normGradient(lanes, false),
    normGradient(lanes, true),
    copyRows(lanes),
    addRows(lanes),
    spread(lanes),
    blockSum(lanes),
  ]
}

const bytesOf = (lanes: Lanes): number => lanes.width * 4
const rowBytes = (lanes: Lanes, vectors: number): Code => i32Multiply(get(vectors), i32(bytesOf(lanes)))
const reluSuffix = (hasRelu: boolean): string => (hasRelu ? 'Relu' : '')

/** sums[c] = sum over rows of (x[r, c] - shift[c]); dots[c] = sum of its square. */
function moments(lanes: Lanes): FunctionCode {
  const names = ['x', 'shift', 'sums', 'dots', 'rows', 'vectors'] as const
  return defineFunction(`moments${lanes.width}`, { i32: names }, (p, scope) => {
    const delta = scope.local(lanes.type)
    return columnSums(lanes, scope, { ...p, streams: [p.x] }, ([x = 0], column, offset) => [
      set(delta, lanes.subtract(lanes.load(get(x), offset), get(column.shift))),
      set(column.sum, lanes.add(get(column.sum), get(delta))),
      set(column.dot, lanes.multiplyAdd(get(delta), get(delta), get(column.dot))),
    ])
  })
}

/** sums[c] = sum over rows of g[r, c]; dots[c] = sum of g[r, c] * (x[r, c] - shift[c]); g = dy where the ReLU passes it. */
function gradientSums(lanes: Lanes, hasRelu: boolean): FunctionCode {
  const names = ['dy', 'x', 'y', 'shift', 'sums', 'dots', 'rows', 'vectors'] as const
  return defineFunction(`gradientSums${reluSuffix(hasRelu)}${lanes.width}`, { i32: names }, (p, scope) => {
    const gradient = scope.local(lanes.type)
    return columnSums(
      lanes,
      scope,
      { ...p, streams: [p.dy, p.x, p.y] },
      ([dy = 0, x = 0, y = 0], column, offset) => {
        const outer = lanes.load(get(dy), offset)
        const delta = lanes.subtract(lanes.load(get(x), offset), get(column.shift))
        return [
          set(gradient, hasRelu ? lanes.wherePositive(outer, lanes.load(get(y), offset)) : outer),
          set(column.sum, lanes.add(get(column.sum), get(gradient))),
          set(column.dot, lanes.multiplyAdd(get(gradient), delta, get(column.dot))),
        ]
      },
    )
  })
}

/** y = max(bound, (x - mean) * scale + offset), the three by channel. */
function normalise(lanes: Lanes): FunctionCode {
  const names = ['x', 'y', 'mean', 'scale', 'offset', 'rows', 'vectors'] as const
  return defineFunction(`normalise${lanes.width}`, { i32: names, f32: ['bound'] }, (p, scope) => {
    const bound = scope.local(lanes.type)
    const channels = [p.mean, p.scale, p.offset]
    return [
      set(bound, lanes.fill(get(p.bound))),
      overRows(
        lanes,
        scope,
        { ...p, streams: [p.x, p.y], channels },
        ([mean = [], scale = [], offset = []]) => {
          const delta = lanes.subtract(lanes.load(get(p.x)), lanes.load(mean))
          const value = lanes.multiplyAdd(delta, lanes.load(scale), lanes.load(offset))
          return lanes.store(get(p.y), lanes.atLeast(value, get(bound)))
        },
      ),
    ]
  })
}

/** dx = scale * g + slope * (x - mean) + offset, the four by channel; g as in {@link gradientSums}. */
function normGradient(lanes: Lanes, hasRelu: boolean): FunctionCode {
  const names = ['dy', 'x', 'y', 'dx', 'mean', 'scale', 'slope', 'offset', 'rows', 'vectors'] as const
  return defineFunction(`normGradient${reluSuffix(hasRelu)}${lanes.width}`, { i32: names }, (p, scope) => {
    const streams = [p.dy, p.x, p.y, p.dx]
    const channels = [p.mean, p.scale, p.slope, p.offset]
    return overRows(
      lanes,
      scope,
      { ...p, streams, channels },
      ([mean = [], scale = [], slope = [], offset = []]) => {
        const outer = lanes.load(get(p.dy))
        const gradient = hasRelu ? lanes.wherePositive(outer, lanes.load(get(p.y))) : outer
        const delta = lanes.subtract(lanes.load(get(p.x)), lanes.load(mean))
        const inner = lanes.multiplyAdd(delta, lanes.load(slope), lanes.load(offset))
        return lanes.store(get(p.dx), lanes.multiplyAdd(gradient, lanes.load(scale), inner))
      },
    )
  })
}

/** Copies rows between tensors whose rows lie `fromStride` and `toStride` bytes apart. */
function copyRows(lanes: Lanes): FunctionCode {
  const names = ['from', 'to', 'rows', 'fromStride', 'toStride', 'vectors'] as const
  return defineFunction(`copyRows${lanes.width}`, { i32: names }, (p, scope) => {
    const [source, target] = [scope.local('i32'), scope.local('i32')]
    return scope.repeat(get(p.rows), [
      set(source, get(p.from)),
      set(target, get(p.to)),
      scope.repeat(get(p.vectors), [
        lanes.store(get(target), lanes.load(get(source))),
        advance(source, i32(bytesOf(lanes))),
        advance(target, i32(bytesOf(lanes))),
      ]),
      advance(p.from, get(p.fromStride)),
      advance(p.to, get(p.toStride)),
    ])
  })
}

/** to += factor * from, row by row; strides as in {@link copyRows}. */
function addRows(lanes: Lanes): FunctionCode {
  const names = ['from', 'to', 'rows', 'fromStride', 'toStride', 'vectors'] as const
  return defineFunction(`addRows${lanes.width}`, { i32: names, f32: ['factor'] }, (p, scope) => {
    const [source, target] = [scope.local('i32'), scope.local('i32')]
    const factor = scope.local(lanes.type)
    const sum = lanes.multiplyAdd(lanes.load(get(source)), get(factor), lanes.load(get(target)))
    return [
      set(factor, lanes.fill(get(p.factor))),
      scope.repeat(get(p.rows), [
        set(source, get(p.from)),
        set(target, get(p.to)),
        scope.repeat(get(p.vectors), [
          lanes.store(get(target), sum),
          advance(source, i32(bytesOf(lanes))),
          advance(target, i32(bytesOf(lanes))),
        ]),
        advance(p.from, get(p.fromStride)),
        advance(p.to, get(p.toStride)),
      ]),
    ]
  })
}

/** Writes every pixel `factor` times in a row: one line of nearest up-sampling. */
function spread(lanes: Lanes): FunctionCode {
  const names = ['from', 'to', 'pixels', 'factor', 'vectors'] as const
  return defineFunction(`spread${lanes.width}`, { i32: names }, (p, scope) => {
    const source = scope.local('i32')
    return scope.repeat(get(p.pixels), [
      scope.repeat(get(p.factor), [
        set(source, get(p.from)),
        scope.repeat(get(p.vectors), [
          lanes.store(get(p.to), lanes.load(get(source))),
          advance(source, i32(bytesOf(lanes))),
          advance(p.to, i32(bytesOf(lanes))),
        ]),
      ]),
      advance(p.from, rowBytes(lanes, p.vectors)),
    ])
  })
}

/** Sums blocks of factor x factor pixels; `lineStride` is the bytes of one line of the larger image. */
function blockSum(lanes: Lanes): FunctionCode {
  const names = ['from', 'to', 'pixels', 'factor', 'lineStride', 'vectors'] as const
  return defineFunction(`blockSum${lanes.width}`, { i32: names }, (p, scope) => {
    const sum = scope.local(lanes.type)
    const [line, source] = [scope.local('i32'), scope.local('i32')]
    const oneVector: Code = [
      set(sum, lanes.zero),
      set(line, get(p.from)),
      scope.repeat(get(p.factor), [
        set(source, get(line)),
        scope.repeat(get(p.factor), [
          set(sum, lanes.add(get(sum), lanes.load(get(source)))),
          advance(source, rowBytes(lanes, p.vectors)),
        ]),
        advance(line, get(p.lineStride)),
      ]),
      lanes.store(get(p.to), get(sum)),
      advance(p.from, i32(bytesOf(lanes))),
      advance(p.to, i32(bytesOf(lanes))),
    ]
    return scope.repeat(get(p.pixels), [
      scope.repeat(get(p.vectors), oneVector),
      // One pixel was passed; the block is `factor` wide.
      advance(p.from, i32Multiply(rowBytes(lanes, p.vectors), i32Subtract(get(p.factor), i32(1)))),
    ])
  })
}

interface Column {
  readonly shift: number
  readonly sum: number
  readonly dot: number
}

/** Vectors that are summed at once: with four lanes one cache line. */
const COLUMNS = 4

/** Two sums down each column, a few columns at a time so that the sums stay in registers. */
function columnSums(
  lanes: Lanes,
  scope: Scope,
  p: Readonly<Record<'shift' | 'sums' | 'dots' | 'rows' | 'vectors', number>> & {
    readonly streams: readonly number[]
  },
  step: (cursors: readonly number[], column: Column, offset: number) => Code,
): Code {
  const cursors = p.streams.map(() => scope.local('i32'))
  const stride = scope.local('i32')
  const columns = Array.from({ length: COLUMNS }, () => ({
    shift: scope.local(lanes.type),
    sum: scope.local(lanes.type),
    dot: scope.local(lanes.type),
  }))
  const group = (some: readonly Column[]): Code => [
    p.streams.map((stream, i) => set(cursors[i] ?? 0, get(stream))),
    some.map(({ shift, sum, dot }, i) => [
      set(shift, lanes.load(get(p.shift), i * bytesOf(lanes))),
      set(sum, lanes.zero),
      set(dot, lanes.zero),
    ]),
    scope.repeat(get(p.rows), [
      some.map((column, i) => step(cursors, column, i * bytesOf(lanes))),
      cursors.map((cursor) => advance(cursor, get(stride))),
    ]),
    some.map(({ sum, dot }, i) => [
      lanes.store(get(p.sums), get(sum), i * bytesOf(lanes)),
      lanes.store(get(p.dots), get(dot), i * bytesOf(lanes)),
    ]),
    [...p.streams, p.shift, p.sums, p.dots].map((pointer) =>
      advance(pointer, i32(some.length * bytesOf(lanes))),
    ),
  ]
  return [
    set(stride, rowBytes(lanes, p.vectors)),
    scope.repeat(i32ShiftRight(get(p.vectors), 2), group(columns)),
    scope.repeat(i32And(get(p.vectors), i32(COLUMNS - 1)), group(columns.slice(0, 1))),
  ]
}

/** Visits every vector of every row; `streams` move on, `channels` start again with each row and come as addresses. */
function overRows(
  lanes: Lanes,
  scope: Scope,
  p: Readonly<Record<'rows' | 'vectors', number>> & {
    readonly streams: readonly number[]
    readonly channels: readonly number[]
  },
  visit: (channels: readonly Code[]) => Code,
): Code {
  const position = scope.local('i32')
  return scope.repeat(get(p.rows), [
    set(position, i32(0)),
    scope.repeat(get(p.vectors), [
      visit(p.channels.map((channel) => i32Add(get(channel), get(position)))),
      p.streams.map((stream) => advance(stream, i32(bytesOf(lanes)))),
      advance(position, i32(bytesOf(lanes))),
    ]),
  ])
}
