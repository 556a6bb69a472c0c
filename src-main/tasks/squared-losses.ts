import { withScope } from '../compute/handle-scope.ts'
import type { HandleScope } from '../compute/handle-scope.ts'
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
  return withScope(kernels, (scope) => {
    const difference = scope.own(kernels.sub(output.handle, target))
    const weighted = scope.own(kernels.mul(difference, weights))
    scope.drop(difference)
    const squares = scope.own(kernels.sumOfSquares(weighted))
    const value = scope.own(kernels.scale(squares, 0.5 / elements))
    const twice = scope.own(kernels.mul(weighted, weights))
    scope.drop(weighted)
    const gradient = kernels.scale(twice, 1 / elements)
    return { value: scope.keep(value), gradients: [gradient] }
  })
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
  return withScope(kernels, (scope) => {
    const parts = students.map((student, i) => {
      const teacher = teachers[i]
      if (teacher === undefined) {
        throw new RangeError(`the teacher has ${teachers.length} outputs, the student ${students.length}`)
      }
      return distilOutput(kernels, student, teacher, alpha, scope)
    })
    const value = addScalars(
      kernels,
      parts.map((part) => part.value),
      scope,
    )
    return { value, gradients: parts.map(({ gradient }) => scope.keep(gradient)) }
  })
}

/** Sum of scalars of the scope; the result belongs to the caller. */
export function addScalars(kernels: Kernels, scalars: readonly Handle[], scope: HandleScope): Handle {
  const [only] = scalars
  return only !== undefined && scalars.length === 1 ? scope.keep(only) : kernels.add(scalars)
}

/** Both results stay in the scope. */
function distilOutput(
  kernels: Kernels,
  student: Value,
  teacher: Value,
  alpha: number,
  scope: HandleScope,
): { readonly value: Handle; readonly gradient: Handle } {
  const elements = student.shape.reduce((a, b) => a * b, 1)
  const difference = scope.own(kernels.sub(student.handle, teacher.handle))
  const squares = scope.own(kernels.sumOfSquares(difference))
  const value = scope.own(kernels.scale(squares, alpha / elements))
  const gradient = scope.own(kernels.scale(difference, (2 * alpha) / elements))
  scope.drop(difference)
  return { value, gradient }
}
