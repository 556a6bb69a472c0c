import { BYTES_PER_ELEMENT, elementReader } from '../element-types.ts'
import { malformed, quoted } from '../malformed.ts'
import { elementTypeOf } from '../npy.ts'
import { countElements, denseStrides, forEachIndex, isSize } from '../strided-view.ts'
import { FORMAT, isList, isTuple, listGlobals } from './pickle-host.ts'
import type { Buildable, PickleGlobal, PickleHost } from './pickle-host.ts'

/** Bytes that `_codecs.encode` may make in one pickle: text that is encoded again and again must not fill the memory. */
const MOST_ENCODED_BYTES = 16 * 2 ** 20

/** A NumPy element type as pickled: `dtype('i8', False, True)` and its state `(3, '<', None, …)`. */
class PickledDtype implements Buildable {
  readonly code: string
  order = '='

  constructor(code: string) {
    this.code = code
  }

  setState(state: unknown): void {
    const order: unknown = isTuple(state) ? state[1] : undefined
    if (typeof order !== 'string' || !/^[<>|=]$/.test(order)) {
      throw malformed(FORMAT, `the state of dtype ${quoted(this.code)} has no byte order`)
    }
    this.order = order
  }
}

/** A NumPy array as pickled: `_reconstruct(ndarray, (0,), b'b')` and its state `(1, shape, dtype, is_fortran, data)`. */
export class PickledArray implements Buildable {
  shape: readonly number[] = [0]
  /** In C order. Numbers of an integer array, or whatever an object array holds. */
  elements: readonly unknown[] = []

  setState(state: unknown): void {
    const [, shape, dtype, isFortran, data]: readonly unknown[] = isTuple(state) ? state : []
    if (!isTuple(shape) || !shape.every(isSize) || !(dtype instanceof PickledDtype)) {
      throw malformed(FORMAT, 'the state of an array needs a version, a shape, a dtype, an order and data')
    }
    const count = countElements(FORMAT, shape)
    const stored = dtype.code.startsWith('O') ? readObjects(data, count) : readIntegers(data, dtype, count)
    this.shape = shape
    this.elements = isFortran === true ? toCOrder(stored, shape, count) : stored
  }
}

/** Reads what NumPy pickles: object and integer arrays. `encode` is counted, so every pickle needs a host of its own. */
export function createNumpyHost(): PickleHost {
  let encodedBytes = 0
  const reconstruct = (args: readonly unknown[]): PickledArray => {
    if (args[0] !== ndarray) {
      throw malformed(FORMAT, '_reconstruct makes numpy.ndarray only')
    }
    return new PickledArray()
  }
  const encode = (args: readonly unknown[]): Uint8Array => {
    const [text, encoding] = args
    if (typeof text !== 'string' || encoding !== 'latin1') {
      throw malformed(FORMAT, '_codecs.encode turns text into bytes by latin1 only')
    }
    encodedBytes += text.length
    if (encodedBytes > MOST_ENCODED_BYTES) {
      throw malformed(FORMAT, `_codecs.encode makes more than ${MOST_ENCODED_BYTES} bytes`)
    }
    return Buffer.from(text, 'latin1')
  }
  return {
    globals: listGlobals(
      ndarray,
      { label: 'numpy dtype', call: makeDtype },
      { label: '_codecs encode', call: encode },
      ...['numpy.core.multiarray', 'numpy._core.multiarray'].map((module) => ({
        label: `${module} _reconstruct`,
        call: reconstruct,
      })),
    ),
    loadPersistent: null,
  }
}

const ndarray: PickleGlobal = { label: 'numpy ndarray', call: null }

function makeDtype([code]: readonly unknown[]): PickledDtype {
  if (typeof code !== 'string') {
    throw malformed(FORMAT, 'numpy.dtype needs the name of an element type')
  }
  return new PickledDtype(code)
}

function readObjects(data: unknown, count: number): readonly unknown[] {
  if (!isList(data) || data.length !== count) {
    const found = isList(data) ? `${data.length}` : 'no'
    throw malformed(FORMAT, `an object array of ${count} elements holds ${found} values`)
  }
  return data
}

function readIntegers(data: unknown, { code, order }: PickledDtype, count: number): number[] {
  const element = elementTypeOf(`${order}${code}`)
  if (element === null || !(data instanceof Uint8Array)) {
    throw malformed(FORMAT, `an array of dtype ${quoted(code)} is not read; int64 and objects are`)
  }
  const needed = count * BYTES_PER_ELEMENT[element.type]
  if (data.length !== needed) {
    throw malformed(
      FORMAT,
      `an array of ${count} ${element.type} needs ${needed} bytes, it holds ${data.length}`,
    )
  }
  const read = elementReader(data, element.type, element.littleEndian)
  return Array.from({ length: count }, (_, index) => read(index))
}

function toCOrder(stored: readonly unknown[], shape: readonly number[], count: number): unknown[] {
  const elements = new Array<unknown>(count)
  forEachIndex({ shape, strides: denseStrides(shape, true), offset: 0 }, count, (index, target) => {
    elements[target] = stored[index]
  })
  return elements
}
