import type { RandomSource } from '../vision/random-source.ts'

/**
 * A small seeded generator for one sample's draws: its whole stream is decided by the words it was made of, so a crop is
 * the same whoever computes it, and in whatever order. sfc32 (Chris Doty-Humphrey, PractRand), seeded by 32-bit FNV-1a hashes.
 */
export function sampleRandom(...words: readonly (string | number)[]): RandomSource {
  return new SampleRandom(words.join('/'))
}

/** Fisher-Yates: the numbers 0..n-1 in random order. */
export function shuffledIndices(n: number, random: RandomSource): number[] {
  const order = Array.from({ length: n }, (_, index) => index)
  for (let last = n - 1; last > 0; last--) {
    const other = random.int(last + 1)
    const kept = order[last] ?? 0
    order[last] = order[other] ?? 0
    order[other] = kept
  }
  return order
}

/** Rounds that mix the seed before the first draw. */
const WARM_UP = 15
const TWO_TO_32 = 4294967296

class SampleRandom implements RandomSource {
  private a: number
  private b: number
  private c: number
  private counter = 1
  private spare: number | null = null

  constructor(text: string) {
    this.a = fnv1a(`a${text}`)
    this.b = fnv1a(`b${text}`)
    this.c = fnv1a(`c${text}`)
    for (let round = 0; round < WARM_UP; round++) {
      this.word()
    }
  }

  next(): number {
    return this.word() / TWO_TO_32
  }

  /** Box-Muller; draws come in pairs. */
  normal(): number {
    if (this.spare !== null) {
      const spare = this.spare
      this.spare = null
      return spare
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    const angle = 2 * Math.PI * this.next()
    this.spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  int(n: number): number {
    return Math.floor(this.next() * n)
  }

  private word(): number {
    const result = (this.a + this.b + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = ((this.c << 21) | (this.c >>> 11)) + result
    this.c |= 0
    return result >>> 0
  }
}

/** 32-bit FNV-1a over UTF-16 code units. */
export function fnv1a(text: string): number {
  let hash = 2166136261
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 16777619)
  }
  return hash >>> 0
}
