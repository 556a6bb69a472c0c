import type { Handle, Shape } from '../kernels.ts'
import type { GpuTensors } from './gpu-tensors.ts'
import { ELEMENT_THREADS, FOR_EACH_ELEMENT } from './program.ts'
import type { Program } from './program.ts'

const VECTOR_FLOATS = 4
/** Summands of one pass. */
const MOST_SUMMANDS = 4
const RANK = 4

type VectorParameter = 'count' | 'factor'

/** `count` vectors of four; what is behind the last element of a tensor is computed along and never read. */
function vectorProgram(name: string, inputs: readonly string[], value: string): Program<VectorParameter> {
  return {
    name,
    threads: ELEMENT_THREADS,
    reads: inputs.map((input) => ({ name: input, type: 'vec4f' })),
    writes: [{ name: 'y', type: 'vec4f' }],
    parameters: { count: 'u32', factor: 'f32' },
    declarations: '',
    main: `${FOR_EACH_ELEMENT}
  y[i] = ${value};`,
  }
}

const NAMES = ['a', 'b', 'c', 'd'] as const
const SUMS = NAMES.map((_, last) => {
  const names = NAMES.slice(0, last + 1)
  const value = names.map((name) => `${name}[i]`).join(' + ')
  return {
    plain: vectorProgram(`sum of ${String(last + 1)}`, names, value),
    relu: vectorProgram(`ReLU of sum of ${String(last + 1)}`, names, `max(${value}, vec4f())`),
  }
})
const DIFFERENCE = vectorProgram('difference', ['a', 'b'], 'a[i] - b[i]')
const SCALED = vectorProgram('scaled', ['a'], 'a[i] * p.factor')
const WHERE_POSITIVE = vectorProgram('ReLU gradient', ['a', 'b'], 'select(vec4f(), a[i], b[i] > vec4f())')

/** Sum of one or more tensors of one shape, and the ReLU of it. */
export function addAll(gpu: GpuTensors, tensors: readonly Handle[], relu: boolean): Handle {
  const [first, ...others] = tensors
  if (first === undefined) {
    throw new RangeError('a sum needs at least one tensor')
  }
  requireSameSize(gpu, first, others)
  const head = tensors.slice(0, MOST_SUMMANDS)
  const rest = tensors.slice(MOST_SUMMANDS)
  const programs = SUMS[head.length - 1]
  if (programs === undefined) {
    throw new RangeError(`a pass adds ${MOST_SUMMANDS} tensors at most`)
  }
  const sum = map(gpu, relu && rest.length === 0 ? programs.relu : programs.plain, head)
  if (rest.length === 0) {
    return sum
  }
  const total = addAll(gpu, [sum, ...rest], relu)
  gpu.release(sum)
  return total
}

/** x where `sign` > 0, else 0. */
export function wherePositive(gpu: GpuTensors, x: Handle, sign: Handle): Handle {
  requireSameSize(gpu, x, [sign])
  return map(gpu, WHERE_POSITIVE, [x, sign])
}

export function difference(gpu: GpuTensors, a: Handle, b: Handle): Handle {
  requireSameSize(gpu, a, [b])
  return map(gpu, DIFFERENCE, [a, b])
}

export function scaled(gpu: GpuTensors, x: Handle, factor: number): Handle {
  return map(gpu, SCALED, [x], factor)
}

function map(
  gpu: GpuTensors,
  program: Program<VectorParameter>,
  inputs: readonly Handle[],
  factor = 1,
): Handle {
  const [first] = inputs
  if (first === undefined) {
    throw new RangeError(`${program.name} needs a tensor`)
  }
  const y = gpu.allocate(gpu.shapeOf(first))
  gpu.each(program, inputs, [y], { count: Math.ceil(gpu.sizeOf(y) / VECTOR_FLOATS), factor })
  return y
}

const AXES = ['0', '1', '2', '3'] as const
type BroadcastParameter = `${'size' | 'a' | 'b'}${(typeof AXES)[number]}` | 'count'

/** Strides are 0 along axes that are repeated. */
const PRODUCT: Program<BroadcastParameter> = {
  name: 'product',
  threads: ELEMENT_THREADS,
  reads: [
    { name: 'a', type: 'f32' },
    { name: 'b', type: 'f32' },
  ],
  writes: [{ name: 'y', type: 'f32' }],
  parameters: {
    ...{ count: 'u32', size0: 'u32', size1: 'u32', size2: 'u32', size3: 'u32' },
    ...{ a0: 'u32', a1: 'u32', a2: 'u32', a3: 'u32', b0: 'u32', b1: 'u32', b2: 'u32', b3: 'u32' },
  },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  let k3 = i % p.size3;
  let k2 = (i / p.size3) % p.size2;
  let k1 = (i / (p.size3 * p.size2)) % p.size1;
  let k0 = i / (p.size3 * p.size2 * p.size1);
  y[i] = a[k0 * p.a0 + k1 * p.a1 + k2 * p.a2 + k3 * p.a3] * b[k0 * p.b0 + k1 * p.b1 + k2 * p.b2 + k3 * p.b3];`,
}

/** Element-wise product with NumPy broadcasting, rank 4 at most. */
export function product(gpu: GpuTensors, a: Handle, b: Handle): Handle {
  const [aShape, bShape] = [gpu.shapeOf(a), gpu.shapeOf(b)]
  const shape = broadcast(aShape, bShape)
  const y = gpu.allocate(shape)
  const named = (name: 'size' | 'a' | 'b', values: readonly number[]): [string, number][] =>
    AXES.map((axis, i) => [name + axis, values[i] ?? 0])
  const parameters = Object.fromEntries([
    ...named('size', filled(shape)),
    ...named('a', stridesOf(aShape)),
    ...named('b', stridesOf(bShape)),
  ]) as Record<Exclude<BroadcastParameter, 'count'>, number>
  gpu.each(PRODUCT, [a, b], [y], { count: gpu.sizeOf(y), ...parameters })
  return y
}

function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  const [left, right] = [filled(a), filled(b)]
  const shape = left.map((size, axis) => {
    const other = right[axis] ?? 1
    if (size !== other && size !== 1 && other !== 1) {
      throw new RangeError(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast`)
    }
    return Math.max(size, other)
  })
  return shape.slice(RANK - rank)
}

/** A shape with leading ones. */
function filled(shape: Shape): readonly number[] {
  if (shape.length > RANK) {
    throw new RangeError(`a product takes tensors of rank ${RANK} at most, got [${shape.join(', ')}]`)
  }
  return [...Array.from({ length: RANK - shape.length }, () => 1), ...shape]
}

function stridesOf(shape: Shape): readonly number[] {
  const sizes = filled(shape)
  return sizes.map((size, axis) => (size === 1 ? 0 : sizes.slice(axis + 1).reduce((a, b) => a * b, 1)))
}

const SUM_GROUPS = 256

/** Each workgroup sums every so-many-th element; `square` takes their squares. */
const TOTAL: Program<'count' | 'square'> = {
  name: 'total',
  threads: ELEMENT_THREADS,
  reads: [{ name: 'x', type: 'f32' }],
  writes: [{ name: 'parts', type: 'f32' }],
  parameters: { count: 'u32', square: 'u32' },
  declarations: `var<workgroup> sums: array<f32, ${String(ELEMENT_THREADS)}>;`,
  main: `
  var total = 0.0;
  for (var i = group.x * ${String(ELEMENT_THREADS)}u + local; i < p.count; i += groups.x * ${String(ELEMENT_THREADS)}u) {
    total += select(x[i], x[i] * x[i], p.square == 1u);
  }
  sums[local] = total;
  workgroupBarrier();
  for (var half = ${String(ELEMENT_THREADS / 2)}u; half > 0u; half /= 2u) {
    if (local < half) { sums[local] += sums[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) { parts[group.x] = sums[0]; }`,
}

/** Sum over all elements of f(x), a scalar tensor: of the values, or of their squares. */
export function total(gpu: GpuTensors, x: Handle, of: 'values' | 'squares'): Handle {
  const count = gpu.sizeOf(x)
  const groups = Math.min(SUM_GROUPS, Math.ceil(count / ELEMENT_THREADS))
  const parts = gpu.allocate([groups])
  gpu.run(TOTAL, [x], [parts], { count, square: Number(of === 'squares') }, [groups, 1, 1])
  const sum = gpu.allocate([])
  gpu.run(TOTAL, [parts], [sum], { count: groups, square: 0 }, [1, 1, 1])
  gpu.release(parts)
  return sum
}

function requireSameSize(gpu: GpuTensors, first: Handle, others: readonly Handle[]): void {
  for (const other of others) {
    if (gpu.sizeOf(first) !== gpu.sizeOf(other)) {
      throw new RangeError(
        `tensors of shapes [${gpu.shapeOf(first).join()}] and [${gpu.shapeOf(other).join()}] differ in size`,
      )
    }
  }
}
