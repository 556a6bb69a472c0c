import type { OfficialMask } from '../../nas/official-mask.ts'

/** Opcodes of protocol 2 that the writer uses. */
const [PROTO, STOP, GLOBAL, REDUCE, BUILD] = [0x80, 0x2e, 0x63, 0x52, 0x62]
const [MARK, EMPTY_LIST, APPENDS, EMPTY_DICT, SETITEMS] = [0x28, 0x5d, 0x65, 0x7d, 0x75]
const [TUPLE, TUPLE1, TUPLE2, TUPLE3] = [0x74, 0x85, 0x86, 0x87]
const [NONE, NEWFALSE, BININT, BININT1, BINUNICODE] = [0x4e, 0x89, 0x4a, 0x4b, 0x58]
const PROTOCOL = 2
const BYTES_PER_INT64 = 8
/** State of a dtype: `(3, order, None, None, None, -1, -1, flags)`; 63 says that elements are Python objects. */
const OBJECT_FLAGS = 63

/**
 * Pickles a genotype as NumPy pickles the reference's: an object array of dicts, `d` an int64 array [branches, 1], `f` an object array
 * [branches, steps] of lists. Nothing is memoised, which NumPy does not ask for.
 */
export class MaskPickleWriter {
  readonly #bytes: number[] = []

  write(mask: OfficialMask): Uint8Array {
    this.#bytes.push(PROTO, PROTOCOL)
    this.#array([mask.length], 'O', () => {
      this.#list(mask, (module) => this.#module(module))
    })
    this.#bytes.push(STOP)
    return Uint8Array.from(this.#bytes)
  }

  #module({ d, f }: OfficialMask[number]): void {
    this.#bytes.push(EMPTY_DICT, MARK)
    this.#text('d')
    this.#array([d.length, 1], 'i8', () => this.#int64s(d))
    this.#text('f')
    this.#array([f.length, f[0]?.length ?? 0], 'O', () => {
      this.#list(f.flat(), (row) => this.#list(row, (bit) => this.#integer(bit)))
    })
    this.#bytes.push(SETITEMS)
  }

  /** `_reconstruct(ndarray, (0,), b'b')`, then the state `(1, shape, dtype, False, data)`. */
  #array(shape: readonly number[], code: 'O' | 'i8', writeData: () => void): void {
    this.#global('numpy.core.multiarray', '_reconstruct')
    this.#global('numpy', 'ndarray')
    this.#integer(0)
    this.#bytes.push(TUPLE1)
    this.#encoded('b')
    this.#bytes.push(TUPLE3, REDUCE, MARK)
    this.#integer(1)
    shape.forEach((size) => this.#integer(size))
    this.#bytes.push(shape.length === 1 ? TUPLE1 : TUPLE2)
    this.#dtype(code)
    this.#bytes.push(NEWFALSE)
    writeData()
    this.#bytes.push(TUPLE, BUILD)
  }

  #dtype(code: 'O' | 'i8'): void {
    this.#global('numpy', 'dtype')
    this.#text(code === 'O' ? 'O8' : code)
    this.#integer(0)
    this.#integer(1)
    this.#bytes.push(TUPLE3, REDUCE, MARK)
    this.#integer(3)
    this.#text(code === 'O' ? '|' : '<')
    this.#bytes.push(NONE, NONE, NONE)
    this.#integer(-1)
    this.#integer(-1)
    this.#integer(code === 'O' ? OBJECT_FLAGS : 0)
    this.#bytes.push(TUPLE, BUILD)
  }

  #int64s(values: readonly number[]): void {
    const view = new DataView(new ArrayBuffer(values.length * BYTES_PER_INT64))
    values.forEach((value, index) => {
      view.setBigInt64(index * BYTES_PER_INT64, BigInt(value), true)
    })
    this.#encoded(Buffer.from(view.buffer).toString('latin1'))
  }

  /** Protocol 2 has no bytes: Python writes `_codecs.encode(text, 'latin1')`. */
  #encoded(latin1: string): void {
    this.#global('_codecs', 'encode')
    this.#text(latin1)
    this.#text('latin1')
    this.#bytes.push(TUPLE2, REDUCE)
  }

  #list<T>(values: readonly T[], writeValue: (value: T) => void): void {
    this.#bytes.push(EMPTY_LIST, MARK)
    values.forEach(writeValue)
    this.#bytes.push(APPENDS)
  }

  #global(module: string, name: string): void {
    this.#bytes.push(GLOBAL, ...Buffer.from(`${module}\n${name}\n`, 'latin1'))
  }

  #text(text: string): void {
    const bytes = Buffer.from(text, 'utf8')
    this.#bytes.push(BINUNICODE, ...uint32(bytes.length), ...bytes)
  }

  #integer(value: number): void {
    if (value >= 0 && value <= 0xff) {
      this.#bytes.push(BININT1, value)
    } else {
      this.#bytes.push(BININT, ...uint32(value))
    }
  }
}

function uint32(value: number): readonly number[] {
  const view = new DataView(new ArrayBuffer(4))
  view.setInt32(0, value, true)
  return [...new Uint8Array(view.buffer)]
}
