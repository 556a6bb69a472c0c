import { BYTES_PER_ELEMENT, elementReader } from './element-types.ts'
import type { ElementType } from './element-types.ts'
import { malformed } from './malformed.ts'
import type { StateTensor } from './state-dict.types.ts'

/** Convolutions have four axes; nothing in a state dict has more than this. */
const MOST_AXES = 8

/** A tensor as a view of stored elements: element [i, j, …] is at `offset + i * strides[0] + j * strides[1] + …`. */
export interface StridedView {
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  /** In elements. */
  readonly offset: number
}

/**
 * Number of elements of a shape that came out of a file; 1 for no axes.
 *
 * @throws EngineError if it is no list of sizes, has too many axes, or its product is no exact integer.
 */
export function countElements(format: string, shape: readonly unknown[]): number {
  if (shape.length > MOST_AXES) {
    throw malformed(format, `a shape has ${shape.length} axes, at most ${MOST_AXES} are read`)
  }
  const count = shape.reduce<number>((product, size) => product * (isSize(size) ? size : Number.NaN), 1)
  if (!Number.isSafeInteger(count)) {
    throw malformed(format, `${describeShape(shape)} is no shape`)
  }
  return count
}

/** For messages: what is no number shows its kind only, since it may be a list that holds itself. */
export function describeShape(shape: readonly unknown[]): string {
  const shown = shape
    .slice(0, MOST_AXES)
    .map((size) => (typeof size === 'number' ? String(size) : typeof size))
  return `[${shown.join(', ')}${shape.length > MOST_AXES ? ', …' : ''}]`
}

export function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** Strides of C order (last axis fastest), or of Fortran order (first axis fastest). */
export function denseStrides(shape: readonly number[], isFortran = false): number[] {
  const strides = new Array<number>(shape.length).fill(1)
  let step = 1
  for (let position = 0; position < shape.length; position++) {
    const axis = isFortran ? position : shape.length - 1 - position
    strides[axis] = step
    step *= shape[axis] ?? 1
  }
  return strides
}

/**
 * Copies a view into C order as float32, rounding where the elements are wider.
 *
 * @throws EngineError if the view reaches outside of `bytes`.
 */
export function toFloat32(
  format: string,
  view: StridedView,
  bytes: Uint8Array,
  { type, littleEndian = true }: { readonly type: ElementType; readonly littleEndian?: boolean },
): StateTensor {
  const { shape, strides, offset } = view
  const count = countElements(format, shape)
  const available = Math.floor(bytes.length / BYTES_PER_ELEMENT[type])
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), offset)
  if (count > 0 && !(last < available)) {
    throw malformed(
      format,
      `a tensor [${shape.join(', ')}] reaches to element ${last + 1}, its storage has ${available}`,
    )
  }
  if (type === 'float32' && littleEndian && denseStrides(shape).join() === strides.join()) {
    // A copy of its own: the file need not be aligned, and its memory can then be freed.
    return {
      shape,
      values: new Float32Array(Uint8Array.from(bytes.subarray(offset * 4, (offset + count) * 4)).buffer),
    }
  }
  const values = new Float32Array(count)
  const read = elementReader(bytes, type, littleEndian)
  forEachIndex(view, count, (index, target) => {
    values[target] = read(index)
  })
  return { shape, values }
}

/** Visits the elements of a view in C order; `visit` gets the position in the storage and the position in C order. */
export function forEachIndex(
  { shape, strides, offset }: StridedView,
  count: number,
  visit: (index: number, target: number) => void,
): void {
  const at = new Array<number>(shape.length).fill(0)
  let index = offset
  for (let target = 0; target < count; target++) {
    visit(index, target)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0
      const next = (at[axis] ?? 0) + 1
      if (next < (shape[axis] ?? 1)) {
        at[axis] = next
        index += stride
        break
      }
      index -= stride * (next - 1)
      at[axis] = 0
    }
  }
}
