import type { Handle, Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import type { LossParts } from './task.ts'

/**
 * Joints mean squared error with target weights (method.md 5.3): (1/J) sum over joints of half the mean over batch and pixels of
 * (w (p - q))^2.
 *
 * @param output - Heat maps p, [N, h, w, J].
 * @param target - q, same shape. @param weights - w, [N, 1, 1, J], 0 or 1.
 */
export function jointsMse(kernels: Kernels, output: Value, target: Handle, weights: Handle): LossParts {
  const elements = output.shape.reduce((a, b) => a * b, 1)
  const difference = kernels.sub(output.handle, target)
  const weighted = kernels.mul(difference, weights)
  kernels.release(difference)
  const squares = kernels.sumOfSquares(weighted)
  const value = kernels.scale(squares, 0.5 / elements)
  kernels.release(squares)
  const twice = kernels.mul(weighted, weights)
  kernels.release(weighted)
  const gradient = kernels.scale(twice, 1 / elements)
  kernels.release(twice)
  return { value, gradients: [gradient] }
}

/**
 * Distillation (method.md 5.2): alpha times the mean squared difference of the raw outputs; the gradients are the student's. With
 * several outputs the means add up, each with factor 1, as their task losses do (ours).
 */
export function distillation(
  kernels: Kernels,
  students: readonly Value[],
  teachers: readonly Value[],
  alpha: number,
): LossParts {
  const parts = students.map((student, i) => {
    const teacher = teachers[i]
    if (teacher === undefined) {
      throw new RangeError(`the teacher has ${teachers.length} outputs, the student ${students.length}`)
    }
    return distilOutput(kernels, student, teacher, alpha)
  })
  return {
    value: addScalars(
      kernels,
      parts.map(({ value }) => value),
    ),
    gradients: parts.map(({ gradient }) => gradient),
  }
}

/** Sum of scalars, which are released. */
export function addScalars(kernels: Kernels, scalars: readonly Handle[]): Handle {
  const [only] = scalars
  if (only !== undefined && scalars.length === 1) {
    return only
  }
  const sum = kernels.add(scalars)
  for (const scalar of scalars) {
    kernels.release(scalar)
  }
  return sum
}

function distilOutput(
  kernels: Kernels,
  student: Value,
  teacher: Value,
  alpha: number,
): { readonly value: Handle; readonly gradient: Handle } {
  const elements = student.shape.reduce((a, b) => a * b, 1)
  const difference = kernels.sub(student.handle, teacher.handle)
  const squares = kernels.sumOfSquares(difference)
  const value = kernels.scale(squares, alpha / elements)
  kernels.release(squares)
  const gradient = kernels.scale(difference, (2 * alpha) / elements)
  kernels.release(difference)
  return { value, gradient }
}
