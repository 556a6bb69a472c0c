import type { ElementType } from '../element-types.ts'
import { malformed, quoted } from '../malformed.ts'
import { isSize } from '../strided-view.ts'
import type { StridedView } from '../strided-view.ts'
import { FORMAT, isList, isPickleGlobal, isTuple, listGlobals } from './pickle-host.ts'
import type { PickleGlobal, PickleHost } from './pickle-host.ts'

/** Values of one or more tensors; the file says elsewhere what they are. */
export interface PickledStorage {
  readonly key: string
  readonly type: ElementType
  /** Number of elements. */
  readonly count: number
}

/** A tensor as PyTorch pickles it: a view of a storage. */
export class PickledTensor implements StridedView {
  readonly storage: PickledStorage
  readonly offset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]

  constructor(storage: PickledStorage, { offset, shape, strides }: StridedView) {
    this.storage = storage
    this.offset = offset
    this.shape = shape
    this.strides = strides
  }
}

const STORAGE_TYPES: Readonly<Record<string, ElementType>> = {
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  FloatStorage: 'float32',
  DoubleStorage: 'float64',
  CharStorage: 'int8',
  ShortStorage: 'int16',
  IntStorage: 'int32',
  LongStorage: 'int64',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
}

/** Reads what PyTorch saves of state dicts: ordered dicts, tensors and parameters; persistent ids are storages. */
export function createTorchHost(): PickleHost {
  return { globals: TORCH_GLOBALS, loadPersistent: loadStorage }
}

const TORCH_GLOBALS = listGlobals(
  { label: 'collections OrderedDict', call: makeDict },
  { label: 'torch._utils _rebuild_tensor', call: rebuildTensor },
  { label: 'torch._utils _rebuild_tensor_v2', call: rebuildTensor },
  { label: 'torch._utils _rebuild_parameter', call: rebuildParameter },
  ...Object.keys(STORAGE_TYPES).map((name): PickleGlobal => ({ label: `torch ${name}`, call: null })),
)

/** `OrderedDict()`, or of a list of pairs as Python 2 wrote it. */
function makeDict([pairs = []]: readonly unknown[]): Map<unknown, unknown> {
  if (!isList(pairs) && !isTuple(pairs)) {
    throw malformed(FORMAT, 'OrderedDict takes a list of pairs')
  }
  return new Map(
    pairs.map((pair): [unknown, unknown] => {
      if (!(isList(pair) || isTuple(pair)) || pair.length !== 2) {
        throw malformed(FORMAT, 'OrderedDict takes a list of pairs')
      }
      return [pair[0], pair[1]]
    }),
  )
}

/** `(storage, offset, size, stride, …)`; what follows concerns gradients. */
function rebuildTensor([storage, offset, shape, strides]: readonly unknown[]): PickledTensor {
  const isView = isSizes(shape) && isSizes(strides) && shape.length === strides.length && isSize(offset)
  if (!isStorage(storage) || !isView) {
    throw malformed(FORMAT, 'a tensor needs a storage, an offset, a size and a stride of as many axes')
  }
  return new PickledTensor(storage, { offset, shape, strides })
}

/** `(tensor, requires_grad, hooks)`. */
function rebuildParameter([tensor]: readonly unknown[]): PickledTensor {
  if (!(tensor instanceof PickledTensor)) {
    throw malformed(FORMAT, 'a parameter needs a tensor')
  }
  return tensor
}

/** `('storage', type, key, location, count)`, and in the old form the view that it is of another storage. */
function loadStorage(id: unknown): PickledStorage {
  const [kind, type, key, , count, view]: readonly unknown[] = isTuple(id) ? id : []
  const label = isPickleGlobal(type) ? type.label : ''
  const element = STORAGE_TYPES[label.replace(/^torch /, '')]
  if (kind !== 'storage' || element === undefined || typeof key !== 'string' || !isSize(count)) {
    throw malformed(FORMAT, 'a persistent id must be a storage with a type, a key and a count')
  }
  if (view !== undefined && view !== null) {
    throw malformed(
      FORMAT,
      `storage ${quoted(key)} is a view of another one, which is not read; save it again with a newer PyTorch`,
    )
  }
  return { key, type: element, count }
}

function isStorage(value: unknown): value is PickledStorage {
  return typeof value === 'object' && value !== null && 'key' in value && 'type' in value && 'count' in value
}

function isSizes(value: unknown): value is readonly number[] {
  return (isTuple(value) || isList(value)) && value.every(isSize)
}
