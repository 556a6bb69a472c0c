import { sha256Words } from './sha256.ts'

/** The whole state of a {@link Random}; plain JSON, so it can be stored with a checkpoint or a generation. */
export interface RandomState {
  readonly algorithm: 'xoshiro128**'
  /** Four unsigned 32-bit words, not all zero. */
  readonly words: readonly [number, number, number, number]
}

/** What the genetic operators and samplers draw from; a test can hand in a list of draws. */
export type UniformSource = Pick<Random, 'next'>

const BITS_26 = 2 ** 26
const BITS_53 = 2 ** 53

/**
 * Seeded random numbers. The same seed gives the same draws on every machine: only 32-bit integer arithmetic is involved, apart
 * from `normal`, which uses the platform's log, sqrt and cos.
 *
 * Source: xoshiro128** 1.1 of Blackman and Vigna (public domain), state filled from SHA-256 of the seed.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #d: number

  private constructor(words: readonly [number, number, number, number]) {
    ;[this.#a, this.#b, this.#c, this.#d] = words
  }

  /**
   * Continues where `state()` was taken.
   *
   * @throws RangeError if the state is not four unsigned 32-bit integers with at least one set bit.
   */
  static fromState(state: RandomState): Random {
    const words: readonly number[] = state.words
    const isWord = (word: number): boolean => Number.isInteger(word) && word >= 0 && word < 2 ** 32
    if (words.length !== 4 || !words.every(isWord) || words.every((word) => word === 0)) {
      throw new RangeError(
        `random state must be four unsigned 32-bit integers that are not all zero, got [${words.join(', ')}]`,
      )
    }
    return new Random(state.words)
  }

  /** The state as plain JSON; nothing is kept outside it. */
  state(): RandomState {
    return { algorithm: 'xoshiro128**', words: [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0] }
  }

  /** Uniform in [0, 1), a multiple of 2^-53; consumes two words. */
  next(): number {
    const high = this.#word() >>> 6
    const low = this.#word() >>> 5
    return (high * (BITS_53 / BITS_26) + low) / BITS_53
  }

  /**
   * Uniform integer in [0, count).
   *
   * @throws RangeError if count is not an integer in [1, 2^32].
   */
  int(count: number): number {
    if (!Number.isInteger(count) || count < 1 || count > 2 ** 32) {
      throw new RangeError(`int: count must be an integer from 1 to 2^32, got ${String(count)}`)
    }
    return Math.floor(this.next() * count)
  }

  /** Standard normal (mean 0, standard deviation 1) by Box-Muller; the second value is dropped to keep no hidden state. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return radius * Math.cos(2 * Math.PI * this.next())
  }

  /** True with the given probability in [0, 1]. */
  bernoulli(probability: number): boolean {
    return this.next() < probability
  }

  /** A shuffled copy; every order is equally likely (Fisher-Yates). */
  shuffle<Value>(values: readonly Value[]): Value[] {
    const shuffled = [...values]
    for (let last = shuffled.length - 1; last > 0; last -= 1) {
      const other = this.int(last + 1)
      const moved = shuffled[last] as Value
      shuffled[last] = shuffled[other] as Value
      shuffled[other] = moved
    }
    return shuffled
  }

  /**
   * One of the values, all equally likely.
   *
   * @throws RangeError if there are none.
   */
  choice<Value>(values: readonly Value[]): Value {
    if (values.length === 0) {
      throw new RangeError('choice: at least one value is needed, got none')
    }
    return values[this.int(values.length)] as Value
  }

  /**
   * An independent stream, fixed by the present state and the label. Does not advance this one, so forks of different labels
   * can be made in any order.
   */
  fork(label: string | number): Random {
    return createRandom('fork', label, ...this.state().words)
  }

  #word(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9)
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = rotateLeft(this.#d, 11)
    return result >>> 0
  }
}

/**
 * A random source fixed by a seed and any labels, e.g. `createRandom(runSeed, 'draw', iteration)`. Different seeds or labels
 * (also `1` and `'1'`) give unrelated streams.
 */
export function createRandom(seed: number | string, ...labels: readonly (number | string)[]): Random {
  const [a = 0, b = 0, c = 0, d = 0] = sha256Words(JSON.stringify([seed, ...labels]))
  return Random.fromState({ algorithm: 'xoshiro128**', words: [a, b, c, d] })
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
