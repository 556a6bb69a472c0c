import type { StateTensor } from '../../src-main/formats/state-dict.types.ts'
import { makeZip, u16, u32, u64 } from './make-zip.ts'

/** Pickle opcodes as text and bytes; enough to write what PyTorch writes, and what nobody should. */
export const pickle = {
  file: (...parts: readonly Buffer[]) => Buffer.concat([Buffer.of(0x80, 2), ...parts, Buffer.from('.')]),
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  text: (text: string) => Buffer.concat([Buffer.from('X'), u32(Buffer.byteLength(text)), Buffer.from(text)]),
  integer: (value: number) => Buffer.concat([Buffer.from('J'), u32(value)]),
  tuple: (...parts: readonly Buffer[]) => Buffer.concat([Buffer.from('('), ...parts, Buffer.from('t')]),
  list: (...parts: readonly Buffer[]) => Buffer.concat([Buffer.from(']('), ...parts, Buffer.from('e')]),
  dict: (...parts: readonly Buffer[]) => Buffer.concat([Buffer.from('}('), ...parts, Buffer.from('u')]),
  call: (callee: Buffer, args: Buffer) => Buffer.concat([callee, args, Buffer.from('R')]),
  build: (object: Buffer, state: Buffer) => Buffer.concat([object, state, Buffer.from('b')]),
  none: Buffer.from('N'),
  no: Buffer.of(0x89),
  yes: Buffer.of(0x88),
}

export interface PickledView {
  readonly storageType: string
  readonly key: string
  readonly count: number
  readonly offset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  /** What the old form appends to the persistent id. */
  readonly view?: Buffer
}

/** `_rebuild_tensor_v2` of a persistent storage. */
export function pickleTensor({ storageType, key, count, offset, shape, strides, view }: PickledView): Buffer {
  const id = pickle.tuple(
    ...[pickle.text('storage'), pickle.global('torch', storageType), pickle.text(key), pickle.text('cpu')],
    ...[pickle.integer(count), ...(view === undefined ? [] : [view])],
  )
  const hooks = pickle.call(pickle.global('collections', 'OrderedDict'), Buffer.from(')'))
  return pickle.call(
    pickle.global('torch._utils', '_rebuild_tensor_v2'),
    pickle.tuple(
      ...[
        Buffer.concat([id, Buffer.from('Q')]),
        pickle.integer(offset),
        pickle.tuple(...shape.map(pickle.integer)),
      ],
      ...[pickle.tuple(...strides.map(pickle.integer)), pickle.no, hooks],
    ),
  )
}

/** A state dict as `model.state_dict()` is pickled: an ordered dict with the attribute `_metadata`. */
export function pickleStateDict(tensors: ReadonlyMap<string, Buffer>): Buffer {
  const dict = pickle.call(pickle.global('collections', 'OrderedDict'), Buffer.from(')'))
  const items = [...tensors].flatMap(([name, tensor]) => [pickle.text(name), tensor])
  const filled = Buffer.concat([dict, Buffer.from('('), ...items, Buffer.from('u')])
  return pickle.build(filled, pickle.dict(pickle.text('_metadata'), pickle.dict()))
}

/** The parts of the old container around a pickled object and its storages, in the order given. */
export function makeLegacyContainer(
  object: Buffer,
  storages: ReadonlyMap<string, { count: number; bytes: Uint8Array }>,
): Buffer {
  // LONG1 of ten bytes: 0x1950a86a20f9469cfc6c.
  const magic = pickle.file(Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex'))
  const version = pickle.file(Buffer.concat([Buffer.from('M'), u16(1001)]))
  const system = pickle.file(pickle.dict(pickle.text('little_endian'), pickle.yes))
  const keys = pickle.file(pickle.list(...[...storages.keys()].map(pickle.text)))
  const values = [...storages.values()].flatMap(({ count, bytes }) => [u64(count), Buffer.from(bytes)])
  return Buffer.concat([magic, version, system, pickle.file(object), keys, ...values])
}

export function makeLegacyPth(tensors: ReadonlyMap<string, StateTensor>): Buffer {
  return makeLegacyContainer(pickleAll(tensors), storagesOf(tensors))
}

/** The zip form: `archive/data.pkl`, `archive/data/KEY`, stored. */
export function makeZipPth(tensors: ReadonlyMap<string, StateTensor>): Buffer {
  const storages = [...storagesOf(tensors)].map(([key, { bytes }]) => [`archive/data/${key}`, bytes] as const)
  return makeZip(
    new Map([
      ['archive/data.pkl', pickle.file(pickleAll(tensors))],
      ['archive/byteorder', Buffer.from('little')],
      ...storages,
    ]),
  )
}

function pickleAll(tensors: ReadonlyMap<string, StateTensor>): Buffer {
  return pickleStateDict(
    new Map(
      [...tensors].map(([name, { shape, values }], index) => [
        name,
        pickleTensor({
          ...{ storageType: 'FloatStorage', key: String(index), count: values.length, offset: 0, shape },
          strides: shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1)),
        }),
      ]),
    ),
  )
}

function storagesOf(tensors: ReadonlyMap<string, StateTensor>) {
  return new Map(
    [...tensors.values()].map(({ values }, index) => [
      String(index),
      { count: values.length, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) },
    ]),
  )
}
