import type { Random } from '../../src-main/nas/random.ts'
import { mutateBytes, pick } from './mutate.ts'

/** Damage to values of JSON, and to the text that they are written as. */

/** Stand for what JSON.stringify cannot write; they are replaced in the text. */
const MARKS: readonly (readonly [mark: string, text: string])[] = [
  ['@deep list@', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ['@deep object@', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`],
  ['@not a number@', 'NaN'],
  ['@infinity@', '-Infinity'],
  ['@too large@', '1e999'],
  ['@long@', `"${'x'.repeat(100_000)}"`],
]
const ODD: readonly unknown[] = [
  ...[null, true, false, 0, -1, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 1e10, 5e-324, 255, 256, 65_536],
  ...['', 'x', '0', '../../../etc/passwd', '/dev/zero', 'a\u0000b', '\u001b[2J\u0007', '\u202e', '__proto__'],
  ...[[], {}, [[]], [null], [NaN], { length: 1e9 }, { toString: 1 }, { toJSON: null }, [0, 0, 0, 0]],
  ...MARKS.map(([mark]) => mark),
]
const ODD_KEYS = ['__proto__', 'constructor', 'toString', 'length', 'prototype', 'valueOf', '']

type Holder = Record<string, unknown>

/** A damaged copy as text in UTF-8, now and then in another encoding, damaged as bytes, or cut off. */
export function mutateJson(value: unknown, random: Random): Buffer {
  const text = toText(mutateValue(value, random))
  const kind = random.int(12)
  if (kind === 0) {
    return mutateBytes(Buffer.from(text), random)
  }
  if (kind === 1) {
    return Buffer.from(`\ufeff${text}`, pick(['utf8', 'utf16le'] as const, random))
  }
  return Buffer.from(text)
}

/** A damaged copy; what JSON cannot say stands in it as a mark, which {@link toText} replaces. */
export function mutateValue(value: unknown, random: Random): unknown {
  const root: Holder = { root: structuredClone(value) }
  for (let left = 1 + random.int(3); left > 0; left--) {
    const places = listPlaces(root)
    if (places.length === 0) {
      break // the whole is gone
    }
    const [holder, key] = pick(places, random)
    damage(holder, key, random)
  }
  return root['root']
}

export function toText(value: unknown): string {
  let text = value === undefined ? 'null' : JSON.stringify(value)
  for (const [mark, replacement] of MARKS) {
    text = text.replaceAll(JSON.stringify(mark), () => replacement)
  }
  return text
}

/** At most so many: of a list of thousands a few are as good as all. */
const MOST_PLACES = 3000

function listPlaces(root: Holder): (readonly [Holder, string])[] {
  const places: (readonly [Holder, string])[] = []
  const queue: unknown[] = [root]
  for (
    let holder = queue.shift();
    holder !== undefined && places.length < MOST_PLACES;
    holder = queue.shift()
  ) {
    for (const [key, member] of Object.entries(holder as Holder)) {
      places.push([holder as Holder, key])
      if (typeof member === 'object' && member !== null) {
        queue.push(member)
      }
    }
  }
  return places
}

function damage(holder: Holder, key: string, random: Random): void {
  const value = holder[key]
  switch (random.int(7)) {
    case 0:
    case 1:
      holder[key] = structuredClone(pick(ODD, random))
      break
    case 2:
      remove(holder, key)
      break
    case 3:
      holder[key] = changeNumber(value, random)
      break
    case 4:
      if (Array.isArray(holder)) {
        const copies = Array.from({ length: 1 + random.int(200) }, () => structuredClone(value))
        holder.splice(Number(key), 0, ...copies)
      } else {
        Object.defineProperty(holder, pick(ODD_KEYS, random), {
          ...{ value: structuredClone(value), enumerable: true, configurable: true, writable: true },
        })
      }
      break
    case 5:
      if (Array.isArray(value) && value.length > 1) {
        value.reverse()
      } else {
        holder[key] = [value]
      }
      break
    default:
      holder[key] = typeof value === 'string' ? `${value}${value}` : { value }
  }
}

function remove(holder: Holder, key: string): void {
  if (Array.isArray(holder)) {
    holder.splice(Number(key), 1)
  } else {
    Reflect.deleteProperty(holder, key)
  }
}

function changeNumber(value: unknown, random: Random): unknown {
  if (typeof value !== 'number') {
    return random.int(100)
  }
  return pick([-value, value + 1, value * 1e6, value / 3, Math.round(value) - 1, String(value)], random)
}
