import { advance, defineFunction, get, i32, set } from './assembler.ts'
import type { Code, FunctionCode, Lanes, Scope } from './assembler.ts'

/** Loops over whole tensors, four floats at a time; lengths are in vectors, so outputs must have room for a whole last one. */
export function elementCode(lanes: Lanes): readonly FunctionCode[] {
  const { add, subtract, multiply, wherePositive, atLeast } = lanes
  return [
    elementwise(lanes, 'sum', ['a', 'b'], (values, bound) => atLeast(add(values.a, values.b), bound)),
    elementwise(lanes, 'bounded', ['x'], (values, bound) => atLeast(values.x, bound)),
    elementwise(lanes, 'scaled', ['x'], (values, factor) => multiply(values.x, factor)),
    elementwise(lanes, 'difference', ['a', 'b'], (values) => subtract(values.a, values.b)),
    elementwise(lanes, 'wherePositive', ['x', 'sign'], (values) => wherePositive(values.x, values.sign)),
    adam(lanes),
    momentum(lanes),
  ]
}

/** out = f(inputs, scalar) for every vector. */
function elementwise<N extends string>(
  lanes: Lanes,
  name: string,
  inputs: readonly N[],
  compute: (values: Readonly<Record<N, Code>>, scalar: Code) => Code,
): FunctionCode {
  return defineFunction(name, { i32: [...inputs, 'out', 'vectors'], f32: ['scalar'] }, (p, scope) => {
    const local: Readonly<Record<string, number>> = p
    const streams = [...inputs, 'out'].map((input) => local[input] ?? 0)
    const loads = Object.fromEntries(inputs.map((input) => [input, lanes.load(get(local[input] ?? 0))]))
    const [scalar, prepare] = filled(lanes, scope, p.scalar)
    return [
      prepare,
      overVectors(lanes, scope, p.vectors, streams, [
        lanes.store(get(p.out), compute(loads as Record<N, Code>, scalar)),
      ]),
    ]
  })
}

/**
 * Adam with PyTorch's eps: w -= rate * m / (sqrt(v) * rootScale + eps), where rate = lr / (1 - beta1^t) and
 * rootScale = 1 / sqrt(1 - beta2^t). `rest1` is 1 - beta1, `rest2` is 1 - beta2.
 */
function adam(lanes: Lanes): FunctionCode {
  const names = ['w', 'm', 'v', 'gradient', 'vectors'] as const
  const scalars = ['beta1', 'rest1', 'beta2', 'rest2', 'rate', 'rootScale', 'epsilon'] as const
  return defineFunction('adam', { i32: names, f32: scalars }, (p, scope) => {
    const [g, m, v] = [scope.local(lanes.type), scope.local(lanes.type), scope.local(lanes.type)]
    const fill = (scalar: number): Code => lanes.fill(get(scalar))
    const root = lanes.multiply(lanes.squareRoot(get(v)), fill(p.rootScale))
    const step = lanes.divide(lanes.multiply(get(m), fill(p.rate)), lanes.add(root, fill(p.epsilon)))
    return overVectors(
      lanes,
      scope,
      p.vectors,
      [p.w, p.m, p.v, p.gradient],
      [
        set(g, lanes.load(get(p.gradient))),
        set(
          m,
          lanes.add(
            lanes.multiply(lanes.load(get(p.m)), fill(p.beta1)),
            lanes.multiply(get(g), fill(p.rest1)),
          ),
        ),
        set(g, lanes.multiply(get(g), get(g))),
        set(
          v,
          lanes.add(
            lanes.multiply(lanes.load(get(p.v)), fill(p.beta2)),
            lanes.multiply(get(g), fill(p.rest2)),
          ),
        ),
        lanes.store(get(p.m), get(m)),
        lanes.store(get(p.v), get(v)),
        lanes.store(get(p.w), lanes.subtract(lanes.load(get(p.w)), step)),
      ],
    )
  })
}

/** buffer = momentum * buffer + g + decay * w; w -= rate * buffer. */
function momentum(lanes: Lanes): FunctionCode {
  const names = ['w', 'buffer', 'gradient', 'vectors'] as const
  return defineFunction('momentum', { i32: names, f32: ['momentum', 'decay', 'rate'] }, (p, scope) => {
    const [w, buffer] = [scope.local(lanes.type), scope.local(lanes.type)]
    const fill = (scalar: number): Code => lanes.fill(get(scalar))
    const decayed = lanes.add(lanes.load(get(p.gradient)), lanes.multiply(get(w), fill(p.decay)))
    return overVectors(
      lanes,
      scope,
      p.vectors,
      [p.w, p.buffer, p.gradient],
      [
        set(w, lanes.load(get(p.w))),
        set(buffer, lanes.add(lanes.multiply(lanes.load(get(p.buffer)), fill(p.momentum)), decayed)),
        lanes.store(get(p.buffer), get(buffer)),
        lanes.store(get(p.w), lanes.subtract(get(w), lanes.multiply(get(buffer), fill(p.rate)))),
      ],
    )
  })
}

function overVectors(
  lanes: Lanes,
  scope: Scope,
  vectors: number,
  streams: readonly number[],
  body: Code,
): Code {
  return scope.repeat(get(vectors), [body, streams.map((stream) => advance(stream, i32(lanes.width * 4)))])
}

/** A scalar parameter in all lanes, as an expression and the code that prepares it. */
function filled(lanes: Lanes, scope: Scope, scalar: number): readonly [value: Code, prepare: Code] {
  const local = scope.local(lanes.type)
  return [get(local), set(local, lanes.fill(get(scalar)))]
}
