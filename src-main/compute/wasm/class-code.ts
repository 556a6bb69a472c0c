import {
  advance,
  defineFunction,
  f32,
  get,
  i32,
  i32Add,
  i32Multiply,
  i32Subtract,
  loadLane,
  nearest4,
  powerOfTwo4,
  set,
  storeLane,
  whereLarger4,
} from './assembler.ts'
import type { Code, FunctionCode, Lanes, Scope } from './assembler.ts'

const LANES = 4
const FLOAT_BYTES = 4
const VECTOR_BYTES = 16
/** Below it e^x is under the smallest normal float, and 0 here. */
const SMALLEST_EXPONENT = -88

/** ln 2 in two parts, the first exact in few bits, so that n * ln 2 loses nothing; polynomial of Cephes' expf (S. Moshier), 1e-7. */
const LN2_HIGH = 0.693359375
const LN2_LOW = -2.1219444e-4
const POLYNOMIAL = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, 1,
] as const

/**
 * y = soft-max of x by row, four rows at a time, one in each lane: `groups` times four rows of `classes` floats, `laneBytes` apart
 * (0 computes one row four times). Also each row's largest value and its sum of e^(x - largest). `work` has room for
 * `classes` vectors.
 */
export function softmaxCode(lanes: Lanes): FunctionCode {
  const names = ['x', 'y', 'work', 'largest', 'totals', 'groups', 'classes', 'laneBytes'] as const
  return defineFunction('softmax', { i32: names }, (p, scope) => {
    const rows = Array.from({ length: LANES }, () => scope.local('i32'))
    const cursor = scope.local('i32')
    const [value, largest, total] = [scope.local('v128'), scope.local('v128'), scope.local('v128')]
    const { prepare, exponential } = exponentialOf(lanes, scope)
    const start = (pointer: number): Code => [
      rows.map((row, lane) => set(row, i32Add(get(pointer), i32Multiply(get(p.laneBytes), i32(lane))))),
      set(cursor, get(p.work)),
    ]
    const nextRows: Code = rows.map((row) => advance(row, i32(FLOAT_BYTES)))
    const nextVector = advance(cursor, i32(VECTOR_BYTES))
    return [
      prepare,
      scope.repeat(get(p.groups), [
        start(p.x),
        set(largest, lanes.fill(f32(-Infinity))),
        scope.repeat(get(p.classes), [
          rows.map((row, lane) => set(value, loadLane(get(row), get(value), lane))),
          set(largest, lanes.atLeast(get(value), get(largest))),
          lanes.store(get(cursor), get(value)),
          nextRows,
          nextVector,
        ]),
        set(cursor, get(p.work)),
        set(total, lanes.zero),
        scope.repeat(get(p.classes), [
          exponential(value, lanes.subtract(lanes.load(get(cursor)), get(largest))),
          set(total, lanes.add(get(total), get(value))),
          lanes.store(get(cursor), get(value)),
          nextVector,
        ]),
        lanes.store(get(p.largest), get(largest)),
        lanes.store(get(p.totals), get(total)),
        start(p.y),
        scope.repeat(get(p.classes), [
          set(value, lanes.divide(lanes.load(get(cursor)), get(total))),
          rows.map((row, lane) => storeLane(get(row), get(value), lane)),
          nextRows,
          nextVector,
        ]),
        [p.x, p.y].map((pointer) => advance(pointer, i32Multiply(get(p.laneBytes), i32(LANES)))),
        [p.largest, p.totals].map((pointer) => advance(pointer, i32(VECTOR_BYTES))),
      ]),
    ]
  })
}

/**
 * index = number of each row's largest value, the first of equals, as a float; rows as in {@link softmaxCode}. A row that begins with NaN
 * has index 0.
 */
export function argMaxCode(lanes: Lanes): FunctionCode {
  const names = ['x', 'index', 'groups', 'classes', 'laneBytes'] as const
  return defineFunction('argMax', { i32: names }, (p, scope) => {
    const rows = Array.from({ length: LANES }, () => scope.local('i32'))
    const [value, largest] = [scope.local('v128'), scope.local('v128')]
    const [best, number, one] = [scope.local('v128'), scope.local('v128'), scope.local('v128')]
    const load: Code = rows.map((row, lane) => [
      set(value, loadLane(get(row), get(value), lane)),
      advance(row, i32(FLOAT_BYTES)),
    ])
    return [
      set(one, lanes.fill(f32(1))),
      scope.repeat(get(p.groups), [
        rows.map((row, lane) => set(row, i32Add(get(p.x), i32Multiply(get(p.laneBytes), i32(lane))))),
        load,
        set(largest, get(value)),
        set(best, lanes.zero),
        set(number, lanes.zero),
        scope.repeat(i32Subtract(get(p.classes), i32(1)), [
          load,
          set(number, lanes.add(get(number), get(one))),
          set(best, whereLarger4(get(value), get(largest), get(number), get(best))),
          set(largest, whereLarger4(get(value), get(largest), get(value), get(largest))),
        ]),
        lanes.store(get(p.index), get(best)),
        advance(p.x, i32Multiply(get(p.laneBytes), i32(LANES))),
        advance(p.index, i32(VECTOR_BYTES)),
      ]),
    ]
  })
}

/** `target` = e^x for x <= 0; NaN stays. Constants wait in locals, since the engine does not take them out of a loop. */
function exponentialOf(
  lanes: Lanes,
  scope: Scope,
): { readonly prepare: Code; readonly exponential: (target: number, x: Code) => Code } {
  const constants: Code[] = []
  const constant = (number: number): Code => {
    const local = scope.local('v128')
    constants.push(set(local, lanes.fill(f32(number))))
    return get(local)
  }
  const [smallest, perLn2] = [constant(SMALLEST_EXPONENT), constant(Math.LOG2E)]
  const [minusHigh, minusLow] = [constant(-LN2_HIGH), constant(-LN2_LOW)]
  const [first = lanes.zero, ...others] = POLYNOMIAL.map(constant)
  const [whole, rest] = [scope.local('v128'), scope.local('v128')]
  return {
    prepare: constants,
    exponential: (target, x) => [
      set(rest, lanes.atLeast(x, smallest)),
      set(whole, nearest4(lanes.multiply(get(rest), perLn2))),
      set(rest, lanes.multiplyAdd(get(whole), minusHigh, get(rest))),
      set(rest, lanes.multiplyAdd(get(whole), minusLow, get(rest))),
      set(target, first),
      others.map((factor) => set(target, lanes.multiplyAdd(get(target), get(rest), factor))),
      set(target, lanes.multiply(get(target), powerOfTwo4(get(whole)))),
    ],
  }
}
