import { TOLERANCE, pick, values, withTensors, worst } from './case-support.ts'
import type { ConformanceCase } from './case-support.ts'
import * as reference from './reference.ts'
import type { Shape4 } from './reference.ts'

interface ElementwiseData {
  readonly shape: Shape4
  readonly a: Float64Array
  readonly b: Float64Array
  readonly c: Float64Array
  readonly bias: Float64Array
  readonly weights: Float64Array
}

function elementwiseData(): ElementwiseData {
  return {
    shape: [2, 3, 4, 5],
    a: values(120, 18),
    b: values(120, 19),
    c: values(120, 20),
    bias: values(5, 21),
    weights: values(10, 22),
  }
}

/** What float64 says of each result, in the order in which the case computes them. */
function elementwiseExpectations({ a, b, c, bias, weights }: ElementwiseData): readonly ArrayLike<number>[] {
  const sum3 = a.map((v, i) => v + reference.at(b, i) + reference.at(c, i))
  const biasGradient = new Float64Array(5)
  a.forEach((v, i) => (biasGradient[i % 5] = reference.at(biasGradient, i % 5) + v))
  const argMax = Float64Array.from({ length: 24 }, (_, p) => {
    const row = Array.from(a.subarray(p * 5, p * 5 + 5))
    return row.indexOf(Math.max(...row))
  })
  const flipped = a.map((_, i) => {
    const k = i % 5
    const x = Math.floor(i / 5) % 4
    return reference.at(a, i - k - x * 5 + (3 - x) * 5 + k)
  })
  return [
    sum3,
    a.map((v, i) => v + reference.at(b, i)),
    sum3.map((v) => Math.max(0, v)),
    a.map((v) => Math.max(0, v)),
    b.map((v, i) => (reference.at(a, i) > 0 ? v : 0)),
    a.map((v, i) => v - reference.at(b, i)),
    a.map((v, i) => v * reference.at(weights, Math.floor(i / 60) * 5 + (i % 5))),
    a.map((v) => v * 0.25),
    [a.reduce((s, v) => s + v * v, 0)],
    [a.reduce((s, v) => s + v, 0)],
    a.map((v, i) => v + reference.at(bias, i % 5)),
    biasGradient,
    b,
    flipped,
    argMax,
  ]
}

export function elementwiseCases(): ConformanceCase[] {
  const data = elementwiseData()
  const { shape, a, b, c, bias, weights } = data
  return [
    {
      name: 'sums, ReLU, products, bias, concat, slice, flip, arg-max',
      isQuick: true,
      tolerance: TOLERANCE,
      run: (kernels) => {
        const got = withTensors(
          kernels,
          [
            [a, shape],
            [b, shape],
            [c, shape],
            [bias, [5]],
            [weights, [2, 1, 1, 5]],
          ],
          (t) => {
            const [x, y, z] = [pick(t, 0), pick(t, 1), pick(t, 2)]
            const both = kernels.concat([x, y])
            const second = kernels.sliceChannels(both, [2, 3, 4, 10], 5, 5)
            kernels.release(both)
            const flat = kernels.reshape(x, [120])
            const total = kernels.sum(flat)
            kernels.release(flat)
            return [
              kernels.add([x, y, z]),
              kernels.add([x, y]),
              kernels.addRelu([x, y, z]),
              kernels.addRelu([x]),
              kernels.reluGradient(y, x),
              kernels.sub(x, y),
              kernels.mul(x, pick(t, 4)),
              kernels.scale(x, 0.25),
              kernels.sumOfSquares(x),
              total,
              kernels.biasAdd(x, pick(t, 3)),
              kernels.biasGradient(x),
              second,
              kernels.flipWidth(x),
              kernels.argMaxChannels(x, shape),
            ]
          },
        )
        return worst(got, elementwiseExpectations(data))
      },
    },
  ]
}

export function crossEntropyCase(): ConformanceCase {
  const [rows, classes] = [7, 5]
  const logits = values(rows * classes, 23).map((v) => v * 4)
  const labels = Int32Array.from({ length: rows }, (_, i) => (i * 3) % classes)
  const loss = new Float64Array(rows)
  const backprop = new Float64Array(rows * classes)
  for (let r = 0; r < rows; r++) {
    const row = Array.from(logits.subarray(r * classes, (r + 1) * classes))
    const normaliser = row.reduce((s, v) => s + Math.exp(v), 0)
    const label = reference.at(labels, r)
    loss[r] = Math.log(normaliser) - reference.at(row, label)
    row.forEach((v, k) => (backprop[r * classes + k] = Math.exp(v) / normaliser - (k === label ? 1 : 0)))
  }
  return {
    name: 'soft-max cross-entropy and gradient',
    isQuick: true,
    tolerance: TOLERANCE,
    run: (kernels) =>
      worst(
        withTensors(
          kernels,
          [
            [logits, [rows, classes]],
            [labels, [rows]],
          ],
          (t) => kernels.softmaxCrossEntropy(pick(t, 0), pick(t, 1), rows, classes),
        ),
        [loss, backprop],
      ),
  }
}
