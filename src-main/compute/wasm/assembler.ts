/**
 * A minimal WebAssembly assembler: just the instructions that our kernels use. Code is nested arrays of bytes in the order of the
 * stack machine, so an expression reads like a call and `assembleModule` flattens it once.
 * Opcodes: WebAssembly core specification 3.0, section 5.4, and its vector instructions.
 */
export type Code = readonly (number | Code)[]

export type ValueType = 'i32' | 'f32' | 'v128'

export interface FunctionCode {
  readonly name: string
  readonly params: readonly ValueType[]
  readonly locals: readonly ValueType[]
  readonly body: Code
}

const TYPE_BYTE: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b }
const EMPTY_BLOCK = 0x40
const SIMD = 0xfd

export const get = (local: number): Code => [0x20, unsigned(local)]
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)]
export const tee = (local: number, value: Code): Code => [value, 0x22, unsigned(local)]

export const i32 = (value: number): Code => [0x41, signed(value)]
export const i32Load = (address: Code): Code => [address, 0x28, 2, 0]
export const i32Add = (a: Code, b: Code): Code => [a, b, 0x6a]
export const i32Subtract = (a: Code, b: Code): Code => [a, b, 0x6b]
export const i32Multiply = (a: Code, b: Code): Code => [a, b, 0x6c]
export const i32And = (a: Code, b: Code): Code => [a, b, 0x71]
export const i32ShiftRight = (a: Code, bits: number): Code => [a, i32(bits), 0x76]
/** local += amount */
export const advance = (local: number, amount: Code): Code => set(local, i32Add(get(local), amount))

/** What the body of a function may ask for while it is written. */
export interface Scope {
  /** A fresh local, zero at first. */
  readonly local: (type: ValueType) => number
  /** Runs the body `count` times, never when it is 0. */
  readonly repeat: (count: Code, body: Code) => Code
}

/**
 * @param params - Names of the parameters: those of type i32 first, then those of type f32.
 * @param write - Gets the number of each parameter's local.
 */
export function defineFunction<I extends string, F extends string = never>(
  name: string,
  params: { readonly i32: readonly I[]; readonly f32?: readonly F[] },
  write: (param: Readonly<Record<I | F, number>>, scope: Scope) => Code,
): FunctionCode {
  const floats = params.f32 ?? []
  const names = [...params.i32, ...floats]
  const locals: ValueType[] = []
  const local = (type: ValueType): number => names.length + locals.push(type) - 1
  const repeat = (count: Code, body: Code): Code => {
    const counter = local('i32')
    const next = tee(counter, i32Subtract(get(counter), i32(1)))
    const loop = [0x03, EMPTY_BLOCK, body, next, 0x0d, unsigned(0), 0x0b]
    return [set(counter, count), get(counter), 0x04, EMPTY_BLOCK, loop, 0x0b]
  }
  // Object.fromEntries forgets the names, which are exactly those of the parameters.
  const numbers = Object.fromEntries(names.map((param, i) => [param, i])) as Record<I | F, number>
  const body = write(numbers, { local, repeat })
  const types = [...params.i32.map(() => 'i32' as const), ...floats.map(() => 'f32' as const)]
  return { name, params: types, locals, body }
}

/** Arithmetic on one or four floats at a time, so that a kernel is written once for both. */
export interface Lanes {
  readonly type: ValueType
  /** Floats in one value. */
  readonly width: 1 | 4
  readonly zero: Code
  readonly load: (address: Code, offset?: number) => Code
  readonly store: (address: Code, value: Code, offset?: number) => Code
  /** All lanes from an f32. */
  readonly fill: (value: Code) => Code
  readonly add: (a: Code, b: Code) => Code
  readonly subtract: (a: Code, b: Code) => Code
  readonly multiply: (a: Code, b: Code) => Code
  readonly divide: (a: Code, b: Code) => Code
  readonly squareRoot: (a: Code) => Code
  /** a * b + c, with one rounding where the machine can. */
  readonly multiplyAdd: (a: Code, b: Code, c: Code) => Code
  /** The larger; a NaN in `value` stays. */
  readonly atLeast: (value: Code, bound: Code) => Code
  /** `value` where `sign` > 0, else 0. */
  readonly wherePositive: (value: Code, sign: Code) => Code
}

const f32Zero: Code = [0x43, 0, 0, 0, 0]

export const singleLane: Lanes = {
  type: 'f32',
  width: 1,
  zero: f32Zero,
  load: (address, offset = 0) => [address, 0x2a, 2, unsigned(offset)],
  store: (address, value, offset = 0) => [address, value, 0x38, 2, unsigned(offset)],
  fill: (value) => value,
  add: (a, b) => [a, b, 0x92],
  subtract: (a, b) => [a, b, 0x93],
  multiply: (a, b) => [a, b, 0x94],
  divide: (a, b) => [a, b, 0x95],
  squareRoot: (a) => [a, 0x91],
  multiplyAdd: (a, b, c) => [a, b, 0x94, c, 0x92],
  atLeast: (value, bound) => [value, bound, 0x97],
  wherePositive: (value, sign) => [value, f32Zero, sign, f32Zero, 0x5e, 0x1b],
}

const simd = (opcode: number): Code => [SIMD, unsigned(opcode)]
const binary =
  (opcode: number) =>
  (a: Code, b: Code): Code => [a, b, simd(opcode)]

/** @param isFused - Whether the engine has relaxed SIMD, whose multiply-add is one instruction. */
export function fourLanes(isFused: boolean): Lanes {
  const zero: Code = [f32Zero, simd(0x13)]
  return {
    type: 'v128',
    width: 4,
    zero,
    load: (address, offset = 0) => [address, simd(0x00), 2, unsigned(offset)],
    store: (address, value, offset = 0) => [address, value, simd(0x0b), 2, unsigned(offset)],
    fill: (value) => [value, simd(0x13)],
    add: binary(0xe4),
    subtract: binary(0xe5),
    multiply: binary(0xe6),
    divide: binary(0xe7),
    squareRoot: (a) => [a, simd(0xe3)],
    multiplyAdd: (a, b, c) => (isFused ? [a, b, c, simd(0x105)] : [a, b, simd(0xe6), c, simd(0xe4)]),
    // pmax is one instruction on x64 where max is six; value < bound is false for NaN.
    atLeast: binary(0xeb),
    wherePositive: (value, sign) => [value, sign, zero, simd(0x44), simd(0x4e)],
  }
}

export const f32 = (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)]
/** The whole number next to each lane, ties to the even one. */
export const nearest4 = (value: Code): Code => [value, simd(0x6a)]
/** 2 to the power of each lane, a whole number from -127 (which gives 0) to 127. */
export const powerOfTwo4 = (value: Code): Code => {
  const exponent: Code = [value, simd(0xf8), i32(127), simd(0x11), simd(0xae)]
  return [exponent, i32(23), simd(0xab)]
}
/** Lane by lane: `yes` where a > b, else `no`; a NaN is not larger. */
export const whereLarger4 = (a: Code, b: Code, yes: Code, no: Code): Code => [
  yes,
  no,
  a,
  b,
  simd(0x44),
  simd(0x52),
]
/** `into` with one lane from memory. */
export const loadLane = (address: Code, into: Code, lane: number): Code => [
  address,
  into,
  simd(0x56),
  2,
  0,
  lane,
]
export const storeLane = (address: Code, value: Code, lane: number): Code => [
  address,
  value,
  simd(0x5a),
  2,
  0,
  lane,
]

/** One float of memory in all four lanes. */
export const loadFilled = (address: Code, offset: number): Code => [address, simd(0x09), 2, unsigned(offset)]

/** A module that imports its memory as `heap.memory` and exports every function by name. */
export function assembleModule(functions: readonly FunctionCode[]): Uint8Array {
  const types = functions.map((f) => [0x60, vector(f.params.map((type) => [TYPE_BYTE[type]])), 0])
  // Limits as wide as any memory that may be handed in: at least 1 page, at most 65,536 (4 GiB).
  const memory = [name('heap'), name('memory'), 0x02, 0x01, unsigned(1), unsigned(65_536)]
  const exported = functions.map((f, i) => [name(f.name), 0x00, unsigned(i)])
  const bodies = functions.map((f) => {
    const locals = vector(f.locals.map((type) => [1, TYPE_BYTE[type]]))
    return sized([locals, f.body, 0x0b])
  })
  return Uint8Array.from(
    flatten([
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(1, vector(types)),
      section(2, vector([memory])),
      section(3, vector(functions.map((_, i) => unsigned(i)))),
      section(7, vector(exported)),
      section(10, vector(bodies)),
    ]),
  )
}

function section(id: number, content: Code): Code {
  return [id, sized(content)]
}

function sized(content: Code): Code {
  const bytes = flatten(content)
  return [unsigned(bytes.length), bytes]
}

function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items]
}

function name(text: string): Code {
  return sized(Array.from(new TextEncoder().encode(text)))
}

function flatten(code: Code, into: number[] = []): number[] {
  for (const item of code) {
    if (typeof item === 'number') {
      into.push(item)
    } else {
      flatten(item, into)
    }
  }
  return into
}

/** LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, unsigned(Math.floor(value / 0x80))]
}

function signed(value: number): Code {
  const byte = value & 0x7f
  const rest = value >> 7
  const isLast = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)
  return isLast ? [byte] : [byte | 0x80, signed(rest)]
}
