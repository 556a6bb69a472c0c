import { ByteReader } from './byte-reader.ts'
import { BYTES_PER_ELEMENT, isFloating } from './element-types.ts'
import { malformed, quoted } from './malformed.ts'
import { isList } from './pickle/pickle-host.ts'
import { readPickle } from './pickle/read-pickle.ts'
import { createTorchHost, PickledTensor } from './pickle/torch-objects.ts'
import type { PickledStorage } from './pickle/torch-objects.ts'
import type { StateDict, StateTensor } from './state-dict.types.ts'
import { countElements, toFloat32 } from './strided-view.ts'
import type { ZipArchive } from './zip.ts'

const FORMAT = 'pth'
/** Where training scripts put the state dict in a checkpoint, the most wanted first. */
const STATE_DICT_KEYS = ['state_dict', 'model']
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn
const LEGACY_VERSION = 1001
/** Float16 views of one storage double; a few tensors may share one. Beyond that a small file claims large tensors. */
const LARGEST_EXPANSION = 8
const ALWAYS_ALLOWED_BYTES = 2 ** 20
const MOST_KEYS_LISTED = 8

/** Finds the bytes of a storage. */
type StorageFinder = (storage: PickledStorage) => Uint8Array

/** The entry of a PyTorch zip that holds the pickle: `NAME/data.pkl`. */
export function findPickleEntry(archive: ZipArchive): string | null {
  return [...archive.entries.keys()].find((name) => /(^|\/)data\.pkl$/.test(name)) ?? null
}

/**
 * The state dict of a `.pth` file in the zip form (PyTorch 1.6 and newer): `data.pkl`, and one entry `data/KEY` per storage.
 *
 * @param pickleName - Of {@link findPickleEntry}.
 * @throws EngineError naming whatever is refused or damaged.
 */
export function decodeZipPth(archive: ZipArchive, pickleName: string, fileBytes: number): StateDict {
  const folder = pickleName.slice(0, -'data.pkl'.length)
  const read = (name: string): Uint8Array => {
    const entry = archive.entries.get(folder + name)
    if (entry === undefined) {
      throw malformed(FORMAT, `the archive lacks ${quoted(folder + name)}`)
    }
    return archive.read(entry)
  }
  const order = archive.entries.has(`${folder}byteorder`)
    ? Buffer.from(read('byteorder')).toString('latin1')
    : 'little'
  if (order.trim() !== 'little') {
    throw malformed(FORMAT, `byte order ${quoted(order)}; little is read`)
  }
  const { value } = readPickle(read('data.pkl'), createTorchHost())
  return toStateDict(value, (storage) => read(`data/${storage.key}`), fileBytes)
}

/**
 * The state dict of a `.pth` file in the old form: pickles one after another (magic, version, system, object, list of storage keys),
 * then for each key the number of elements as int64 and the raw values.
 *
 * @throws EngineError naming whatever is refused or damaged.
 */
export function decodeLegacyPth(file: Uint8Array): StateDict {
  const host = createTorchHost()
  const magic = readPickle(file, host)
  if (magic.value !== LEGACY_MAGIC) {
    throw malformed(FORMAT, 'not a file of PyTorch: neither a zip archive nor the old form')
  }
  const version = readPickle(file, host, magic.end)
  if (version.value !== LEGACY_VERSION) {
    throw malformed(FORMAT, `the old form has version ${LEGACY_VERSION}, this file another`)
  }
  const system = readPickle(file, host, version.end)
  if (!(system.value instanceof Map) || system.value.get('little_endian') !== true) {
    throw malformed(FORMAT, 'the file was written on a big-endian machine, which is not read')
  }
  const storages = new Map<string, PickledStorage>()
  const { loadPersistent } = host
  const object = readPickle(
    file,
    {
      ...host,
      loadPersistent: (id) => {
        const storage = loadPersistent?.(id) as PickledStorage
        storages.set(storage.key, storage)
        return storage
      },
    },
    system.end,
  )
  const keys = readPickle(file, host, object.end)
  const contents = readStorages(new ByteReader(file, FORMAT, keys.end), keys.value, storages)
  return toStateDict(object.value, contents, file.length)
}

function readStorages(
  reader: ByteReader,
  keys: unknown,
  storages: ReadonlyMap<string, PickledStorage>,
): StorageFinder {
  if (!isList(keys)) {
    throw malformed(FORMAT, 'no list of storages after the object')
  }
  const contents = new Map<string, Uint8Array>()
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined
    if (storage === undefined) {
      throw malformed(FORMAT, 'it lists a storage that no tensor has')
    }
    const count = reader.uint64()
    if (count !== storage.count) {
      throw malformed(
        FORMAT,
        `storage ${quoted(storage.key)} has ${count} elements, its tensor says ${storage.count}`,
      )
    }
    contents.set(storage.key, reader.take(count * BYTES_PER_ELEMENT[storage.type]))
  }
  return ({ key }) => {
    const bytes = contents.get(key)
    if (bytes === undefined) {
      throw malformed(FORMAT, `the values of storage ${quoted(key)} are not in the file`)
    }
    return bytes
  }
}

function toStateDict(object: unknown, find: StorageFinder, fileBytes: number): StateDict {
  const tensors = new Map<string, StateTensor>()
  const counters: string[] = []
  const allowed = Math.max(ALWAYS_ALLOWED_BYTES, LARGEST_EXPANSION * fileBytes)
  let total = 0
  for (const [name, value] of findEntries(object)) {
    if (typeof name !== 'string' || !(value instanceof PickledTensor)) {
      throw malformed(FORMAT, `the entry ${describeKey(name)} of the state dict is no tensor`)
    }
    if (!isFloating(value.storage.type)) {
      counters.push(name)
      continue
    }
    total += countElements(FORMAT, value.shape) * Float32Array.BYTES_PER_ELEMENT
    if (total > allowed) {
      throw malformed(FORMAT, `its tensors claim more than ${allowed} bytes, the file has ${fileBytes}`)
    }
    tensors.set(name, toFloat32(FORMAT, value, find(value.storage), value.storage))
  }
  return { tensors, counters }
}

/** The object itself if it holds tensors, else what a training script saved beside epoch and optimizer. */
function findEntries(object: unknown): ReadonlyMap<unknown, unknown> {
  if (object instanceof Map) {
    const hasTensors = [...object.values()].some((value) => value instanceof PickledTensor)
    const inner: unknown = STATE_DICT_KEYS.map((key): unknown => object.get(key)).find(
      (value) => value instanceof Map,
    )
    if (hasTensors || !(inner instanceof Map)) {
      return requireTensors(object, hasTensors)
    }
    return inner
  }
  throw malformed(FORMAT, 'it holds no state dict')
}

function requireTensors(
  object: ReadonlyMap<unknown, unknown>,
  hasTensors: boolean,
): ReadonlyMap<unknown, unknown> {
  if (!hasTensors) {
    const keys = [...object.keys()].slice(0, MOST_KEYS_LISTED).map(describeKey).join(', ')
    throw malformed(
      FORMAT,
      `no state dict in it, neither by itself nor under ${STATE_DICT_KEYS.join(' or ')}; its keys: ${keys || 'none'}`,
    )
  }
  return object
}

function describeKey(key: unknown): string {
  return typeof key === 'string' ? quoted(key) : `of kind ${typeof key}`
}
