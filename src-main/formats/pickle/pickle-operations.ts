import { malformed } from '../malformed.ts'
import { findGlobal, FORMAT, isBuildable, isList, isPickleGlobal } from './pickle-host.ts'
import type { PickleMachine } from './read-pickle.ts'

/** Python's pickletools.py documents the opcodes. These are all that the published files, NumPy and PyTorch write for data. */
type Operation = (machine: PickleMachine) => void

export const STOP = 0x2e
const NEWEST_PROTOCOL = 5

export const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  // PROTO, FRAME
  [0x80, checkProtocol],
  [0x95, (m) => void m.reader.uint64()],
  // NONE, NEWTRUE, NEWFALSE
  [0x4e, (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  // BININT, BININT1, BININT2, LONG1, BINFLOAT
  [0x4a, (m) => m.push(m.reader.int32())],
  [0x4b, (m) => m.push(m.reader.uint8())],
  [0x4d, (m) => m.push(m.reader.uint16())],
  [0x8a, (m) => m.push(toInteger(m.reader.take(m.reader.uint8())))],
  [0x47, (m) => m.push(m.reader.float64BigEndian())],
  // BINUNICODE, SHORT_BINUNICODE; SHORT_BINSTRING and BINSTRING are text of Python 2
  [0x58, (m) => m.push(toText(m.reader.take(m.reader.uint32())))],
  [0x8c, (m) => m.push(toText(m.reader.take(m.reader.uint8())))],
  [0x55, (m) => m.push(toLatin1(m.reader.take(m.reader.uint8())))],
  [0x54, (m) => m.push(toLatin1(m.reader.take(m.reader.uint32())))],
  // BINBYTES, SHORT_BINBYTES
  [0x42, (m) => m.push(m.reader.take(m.reader.uint32()))],
  [0x43, (m) => m.push(m.reader.take(m.reader.uint8()))],
  // MARK, EMPTY_LIST, APPEND, APPENDS
  [0x28, (m) => m.mark()],
  [0x5d, (m) => m.push([])],
  [0x61, (m) => append(m, [m.pop()])],
  [0x65, (m) => append(m, m.popMark())],
  // EMPTY_DICT, SETITEM, SETITEMS
  [0x7d, (m) => m.push(new Map())],
  [0x73, setItem],
  [0x75, (m) => setItems(m, m.popMark())],
  // EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE
  [0x29, (m) => pushTuple(m, [])],
  [0x85, (m) => pushTuple(m, [m.pop()])],
  [0x86, (m) => pushTuple(m, [m.pop(), m.pop()].reverse())],
  [0x87, (m) => pushTuple(m, [m.pop(), m.pop(), m.pop()].reverse())],
  [0x74, (m) => pushTuple(m, m.popMark())],
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  [0x71, (m) => m.memoize(m.reader.uint8())],
  [0x72, (m) => m.memoize(m.reader.uint32())],
  [0x94, (m) => m.memoizeNext()],
  [0x68, (m) => m.recall(m.reader.uint8())],
  [0x6a, (m) => m.recall(m.reader.uint32())],
  // GLOBAL, STACK_GLOBAL, REDUCE, BUILD, BINPERSID
  [0x63, (m) => m.push(findGlobal(m.host, m.reader.line(), m.reader.line()))],
  [0x93, pushStackGlobal],
  [0x52, reduce],
  [0x62, build],
  [0x51, loadPersistent],
])

function checkProtocol({ reader }: PickleMachine): void {
  const protocol = reader.uint8()
  if (protocol > NEWEST_PROTOCOL) {
    throw malformed(FORMAT, `protocol ${protocol}; up to ${NEWEST_PROTOCOL} is read`)
  }
}

/** Two's complement, little-endian; a number where it is exact. */
function toInteger(bytes: Uint8Array): number | bigint {
  let value = 0n
  for (const byte of bytes.toReversed()) {
    value = (value << 8n) | BigInt(byte)
  }
  const signed = BigInt.asIntN(8 * Math.max(1, bytes.length), value)
  const number = Number(signed)
  return Number.isSafeInteger(number) ? number : signed
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

function toLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function append(machine: PickleMachine, values: readonly unknown[]): void {
  const list = machine.top()
  if (!isList(list)) {
    throw malformed(FORMAT, `byte ${machine.reader.position}: appends to what is no list`)
  }
  // Not push(...): a million values would exhaust the stack.
  for (const value of values) {
    list.push(value)
  }
}

function setItem(machine: PickleMachine): void {
  const value = machine.pop()
  setItems(machine, [machine.pop(), value])
}

function setItems(machine: PickleMachine, values: readonly unknown[]): void {
  const dict = machine.top()
  if (!(dict instanceof Map) || values.length % 2 !== 0) {
    throw malformed(
      FORMAT,
      `byte ${machine.reader.position}: sets items of what is no dict, or a key without a value`,
    )
  }
  for (let index = 0; index < values.length; index += 2) {
    dict.set(values[index], values[index + 1])
  }
}

function pushTuple(machine: PickleMachine, values: unknown[]): void {
  machine.push(Object.freeze(values))
}

function pushStackGlobal(machine: PickleMachine): void {
  const name = machine.pop()
  const module = machine.pop()
  if (typeof module !== 'string' || typeof name !== 'string') {
    throw malformed(FORMAT, `byte ${machine.reader.position}: a global is named by two texts`)
  }
  machine.push(findGlobal(machine.host, module, name))
}

function reduce(machine: PickleMachine): void {
  const args = machine.popTuple()
  const global = machine.pop()
  if (!isPickleGlobal(global) || global.call === null) {
    const what = isPickleGlobal(global) ? global.label.replace(' ', '.') : 'what is no function'
    throw malformed(FORMAT, `byte ${machine.reader.position}: calls ${what}`)
  }
  machine.push(global.call(args))
}

function build(machine: PickleMachine): void {
  const state = machine.pop()
  const object = machine.top()
  if (isBuildable(object)) {
    object.setState(state)
  } else if (!(object instanceof Map)) {
    throw malformed(FORMAT, `byte ${machine.reader.position}: gives a state to what takes none`)
  }
  // A dict's state is attributes (PyTorch's `_metadata`), which hold no values of the dict.
}

function loadPersistent(machine: PickleMachine): void {
  const { loadPersistent: load } = machine.host
  if (load === null) {
    throw malformed(FORMAT, `byte ${machine.reader.position}: persistent ids belong to .pth files only`)
  }
  machine.push(load(machine.pop()))
}
