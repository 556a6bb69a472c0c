import type { Random } from '../../src-main/nas/random.ts'

/** Damage to bytes of any format; what damages a known structure is in the reader's own list. */

const HUGE = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff]
const LONGEST_RUN = 4096

type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer

const MUTATIONS: readonly Mutation[] = [
  flipBits,
  flipBits,
  setByte,
  truncate,
  writeNumber,
  writeNumber,
  (bytes, random) => zeroRange(bytes, random),
  (bytes, random) => duplicateRange(bytes, random),
  (bytes, random) => removeRange(bytes, random),
  (bytes, random) => Buffer.concat([bytes, randomBytes(random, 1 + random.int(LONGEST_RUN))]),
  (bytes, random, other) => splice(bytes, random, other),
  (bytes, random) => insertRange(bytes, random),
]

/** One to four mutations one after another. @param other - Another sound file, to splice with. */
export function mutateBytes(bytes: Buffer, random: Random, other: Buffer = bytes): Buffer {
  let mutated: Buffer = Buffer.from(bytes)
  for (let left = 1 + random.int(4); left > 0; left--) {
    const mutation = MUTATIONS[random.int(MUTATIONS.length)] ?? flipBits
    mutated = mutated.length === 0 ? Buffer.from(bytes) : mutation(mutated, random, other)
  }
  return mutated
}

export function pick<T>(values: readonly T[], random: Random): T {
  const value = values[random.int(values.length)]
  if (value === undefined) {
    throw new RangeError('pick: nothing to choose from')
  }
  return value
}

export function randomBytes(random: Random, count: number): Buffer {
  const bytes = Buffer.alloc(count)
  for (let at = 0; at < count; at++) {
    bytes[at] = random.int(256)
  }
  return bytes
}

function flipBits(bytes: Buffer, random: Random): Buffer {
  for (let left = 1 + random.int(8); left > 0; left--) {
    const at = random.int(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8))
  }
  return bytes
}

function setByte(bytes: Buffer, random: Random): Buffer {
  bytes[random.int(bytes.length)] = pick([0, 0x7f, 0x80, 0xff, 0x22, 0x5b, 0x7b], random)
  return bytes
}

function truncate(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, random.int(bytes.length))
}

/** Lengths and counts lie anywhere: small ends first and big ends first, two, four and eight bytes. */
function writeNumber(bytes: Buffer, random: Random): Buffer {
  // Most formats keep their figures in front or, as zip does, at the end.
  const reach = Math.min(bytes.length, 128)
  const at = pick([random.int(bytes.length), random.int(reach), bytes.length - 1 - random.int(reach)], random)
  const value = pick([...HUGE, bytes.length, bytes.length + 1, bytes.length - 1], random) >>> 0
  const width = pick([2, 4, 8], random)
  const isLittle = random.bernoulli(0.5)
  for (let index = 0; index < width; index++) {
    const place = isLittle ? index : width - 1 - index
    const byte = place < 4 ? (value >>> (8 * place)) & 0xff : value > 0xffff ? 0xff : 0
    if (at + index < bytes.length) {
      bytes[at + index] = byte
    }
  }
  return bytes
}

function rangeOf(bytes: Buffer, random: Random): readonly [begin: number, end: number] {
  const begin = random.int(bytes.length)
  return [begin, Math.min(bytes.length, begin + 1 + random.int(Math.min(LONGEST_RUN, bytes.length)))]
}

function zeroRange(bytes: Buffer, random: Random): Buffer {
  return bytes.fill(random.bernoulli(0.5) ? 0 : 0xff, ...rangeOf(bytes, random))
}

function duplicateRange(bytes: Buffer, random: Random): Buffer {
  const [begin, end] = rangeOf(bytes, random)
  const times = 1 + random.int(8)
  const copies = Array.from({ length: times }, () => bytes.subarray(begin, end))
  return Buffer.concat([bytes.subarray(0, end), ...copies, bytes.subarray(end)])
}

function removeRange(bytes: Buffer, random: Random): Buffer {
  const [begin, end] = rangeOf(bytes, random)
  return Buffer.concat([bytes.subarray(0, begin), bytes.subarray(end)])
}

function insertRange(bytes: Buffer, random: Random): Buffer {
  const at = random.int(bytes.length)
  return Buffer.concat([bytes.subarray(0, at), randomBytes(random, 1 + random.int(64)), bytes.subarray(at)])
}

function splice(bytes: Buffer, random: Random, other: Buffer): Buffer {
  return Buffer.concat([
    bytes.subarray(0, random.int(bytes.length)),
    other.subarray(random.int(Math.max(1, other.length))),
  ])
}
