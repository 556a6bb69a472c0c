import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom, Random, type RandomState } from '../../../src-main/nas/random.ts'

const WORD = 2n ** 32n

/** xoshiro128** in unbounded integers, as its authors define it; one 32-bit word per call. */
function referenceWords(state: RandomState): () => bigint {
  let [a, b, c, d] = state.words.map(BigInt) as [bigint, bigint, bigint, bigint]
  const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (32n - bits))) % WORD
  return () => {
    const result = (rotate((b * 5n) % WORD, 7n) * 9n) % WORD
    const shifted = (b << 9n) % WORD
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotate(d, 11n)
    return result
  }
}

function drawMany(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw)
}

describe('Random', () => {
  it('is xoshiro128**, two words for each of its numbers', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = createRandom(seed)
        const word = referenceWords(random.state())
        for (let draw = 0; draw < 20; draw += 1) {
          const high = word() >> 6n
          const low = word() >> 5n
          expect(random.next()).toBe(Number((high << 27n) | low) / 2 ** 53)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('gives the known first word of the state 1, 2, 3, 4', () => {
    // rotl(2 * 5, 7) * 9 = 11520, then 0: the values of the authors' reference program.
    const random = Random.fromState({ algorithm: 'xoshiro128**', words: [1, 2, 3, 4] })
    expect(random.next()).toBe((Math.floor(11520 / 64) * 2 ** 27) / 2 ** 53)
  })

  it('continues exactly from a saved state, whatever was drawn before', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.constantFrom('next', 'normal', 'int', 'shuffle')),
        (seed, calls) => {
          const random = createRandom(seed)
          for (const call of calls) {
            if (call === 'int') {
              random.int(7)
            } else if (call === 'shuffle') {
              random.shuffle([1, 2, 3])
            } else {
              random[call]()
            }
          }
          const copy = Random.fromState(JSON.parse(JSON.stringify(random.state())) as RandomState)
          expect(drawMany(5, () => copy.normal())).toEqual(drawMany(5, () => random.normal()))
        },
      ),
    )
  })

  it('gives the same draws for the same seed and labels and others for any other', () => {
    const first = (...labels: readonly (number | string)[]): number => createRandom(7, ...labels).next()
    expect(first('draw', 3)).toBe(first('draw', 3))
    const others = [
      first('draw', 4),
      first('draw'),
      first(),
      first('draw', '3'),
      first('draw,3'),
      createRandom('7').next(),
    ]
    expect(new Set([first('draw', 3), ...others]).size).toBe(others.length + 1)
  })

  it('forks without advancing, by state and label', () => {
    const random = createRandom(1)
    const before = random.state()
    const left = random.fork('left').next()
    expect(random.fork('right').next()).not.toBe(left)
    expect(random.fork('left').next()).toBe(left)
    expect(random.state()).toEqual(before)
    random.next()
    expect(random.fork('left').next()).not.toBe(left)
  })

  it('is uniform: mean, variance and bins within five standard errors of 100,000 draws', () => {
    const random = createRandom('uniform')
    const count = 100_000
    const bins = new Array<number>(16).fill(0)
    let sum = 0
    for (const value of drawMany(count, () => random.next())) {
      sum += value
      const bin = Math.floor(value * 16)
      bins[bin] = (bins[bin] ?? 0) + 1
    }
    expect(Math.abs(sum / count - 0.5)).toBeLessThan(5 / Math.sqrt(12 * count))
    for (const bin of bins) {
      expect(Math.abs(bin - count / 16)).toBeLessThan(5 * Math.sqrt(count / 16))
    }
  })

  it('has a normal of mean 0, variance 1 and the right tails within five standard errors', () => {
    const random = createRandom('normal')
    const count = 100_000
    const values = drawMany(count, () => random.normal())
    const mean = values.reduce((sum, value) => sum + value, 0) / count
    const variance = values.reduce((sum, value) => sum + value * value, 0) / count
    const beyondTwo = values.filter((value) => Math.abs(value) > 2).length
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(count))
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / count))
    expect(Math.abs(beyondTwo - 0.0455 * count)).toBeLessThan(5 * Math.sqrt(0.0455 * count))
  })

  it('draws integers, coins and choices with the stated chances', () => {
    const random = createRandom('small')
    const integers = drawMany(6000, () => random.int(3))
    for (const value of [0, 1, 2]) {
      expect(Math.abs(integers.filter((drawn) => drawn === value).length - 2000)).toBeLessThan(5 * 37)
    }
    expect(drawMany(100, () => Number(random.bernoulli(0)))).not.toContain(1)
    expect(drawMany(100, () => Number(random.bernoulli(1)))).not.toContain(0)
    expect(new Set(drawMany(100, () => random.choice([4, 5])))).toEqual(new Set([4, 5]))
  })

  it('shuffles a copy, every order equally likely', () => {
    const random = createRandom('shuffle')
    const given = ['a', 'b', 'c']
    const orders = new Map<string, number>()
    for (let draw = 0; draw < 6000; draw += 1) {
      const order = random.shuffle(given).join('')
      orders.set(order, (orders.get(order) ?? 0) + 1)
    }
    expect(given).toEqual(['a', 'b', 'c'])
    expect([...orders.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba'])
    for (const count of orders.values()) {
      expect(Math.abs(count - 1000)).toBeLessThan(5 * 29)
    }
  })

  it('refuses what it cannot do', () => {
    const random = createRandom(1)
    expect(() => random.int(0)).toThrow('int: count must be an integer from 1 to 2^32, got 0')
    expect(() => random.int(1.5)).toThrow(RangeError)
    expect(() => random.choice([])).toThrow('at least one value')
    expect(() => Random.fromState({ algorithm: 'xoshiro128**', words: [0, 0, 0, 0] })).toThrow('not all zero')
    expect(() => Random.fromState({ algorithm: 'xoshiro128**', words: [1, 2, 3, -4] })).toThrow(RangeError)
  })
})
