import { describe, expect, it } from 'vitest'
import { sampleRandom, shuffledIndices } from '../../../src-main/datasets/sample-random.ts'

describe('sampleRandom', () => {
  it('is decided by its words alone', () => {
    const first = sampleRandom('a', 1, 2)
    const again = sampleRandom('a', 1, 2)
    const other = sampleRandom('a', 1, 3)
    const draws = Array.from({ length: 5 }, () => first.next())
    expect(Array.from({ length: 5 }, () => again.next())).toEqual(draws)
    expect(Array.from({ length: 5 }, () => other.next())).not.toEqual(draws)
  })

  it('is uniform: 20,000 draws of neighbouring seeds fill ten bins within five deviations', () => {
    const bins = new Array<number>(10).fill(0)
    for (let seed = 0; seed < 2000; seed++) {
      const random = sampleRandom('bins', seed)
      for (let draw = 0; draw < 10; draw++) {
        const bin = Math.floor(random.next() * 10)
        bins[bin] = (bins[bin] ?? 0) + 1
      }
    }
    // Binomial deviation: sqrt(20000 * 0.1 * 0.9) = 42.
    for (const count of bins) {
      expect(Math.abs(count - 2000)).toBeLessThan(5 * 42.5)
    }
  })

  it('draws standard normals: mean, variance and share beyond two deviations', () => {
    const random = sampleRandom('normal', 4)
    const draws = Array.from({ length: 20_000 }, () => random.normal())
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length
    const variance = draws.reduce((sum, value) => sum + value * value, 0) / draws.length
    const beyond = draws.filter((value) => Math.abs(value) > 2).length / draws.length
    // Five standard errors each: 1 / sqrt(n), sqrt(2 / n), sqrt(0.0455 * 0.9545 / n).
    expect(Math.abs(mean)).toBeLessThan(0.036)
    expect(Math.abs(variance - 1)).toBeLessThan(0.05)
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.0074)
  })
})

describe('shuffledIndices', () => {
  it('is a permutation that reaches every order of three about equally often', () => {
    const counts = new Map<string, number>()
    for (let seed = 0; seed < 3000; seed++) {
      const order = shuffledIndices(3, sampleRandom(seed)).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect([...counts.keys()].toSorted()).toEqual(['012', '021', '102', '120', '201', '210'])
    for (const count of counts.values()) {
      expect(Math.abs(count - 500)).toBeLessThan(5 * 20.5)
    }
  })
})
