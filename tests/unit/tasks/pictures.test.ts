import { describe, expect, it } from 'vitest'
import { PictureBudget, streamPictures } from '../../../src-main/tasks/pictures.ts'

const PICTURES = 10
const BYTES = 100

function open(budget: PictureBudget, broken: ReadonlySet<number> = new Set()) {
  const decoded: number[] = []
  const pictures = streamPictures<number, string>({
    known: Array.from({ length: PICTURES }, (_, index) => index),
    budget,
    bytesOf: () => BYTES,
    decode(index) {
      decoded.push(index)
      return broken.has(index)
        ? Promise.reject(new Error(`picture ${String(index)} is gone`))
        : Promise.resolve(`picture ${String(index)}`)
    },
  })
  return { decoded, pictures }
}

async function pass(pictures: ReturnType<typeof open>['pictures']): Promise<readonly string[]> {
  const all: string[] = []
  for (let begin = 0; begin < PICTURES; begin += 3) {
    all.push(...(await pictures.load(begin, Math.min(PICTURES, begin + 3))))
  }
  return all
}

const EXPECTED = Array.from({ length: PICTURES }, (_, index) => `picture ${String(index)}`)
const timesOf = (decoded: readonly number[], index: number): number =>
  decoded.filter((one) => one === index).length

describe('decoded pictures', () => {
  it('are decoded once where the budget has room for all', async () => {
    const { pictures, decoded } = open(new PictureBudget(PICTURES * BYTES))
    expect([await pass(pictures), await pass(pictures)]).toEqual([EXPECTED, EXPECTED])
    expect(decoded.toSorted((a, b) => a - b)).toEqual([...EXPECTED.keys()])
  })

  it('beyond the budget are decoded once in each pass, and no others', async () => {
    const budget = new PictureBudget(4 * BYTES + 50)
    const { pictures, decoded } = open(budget)
    expect([await pass(pictures), await pass(pictures), await pass(pictures)]).toEqual(
      Array.from({ length: 3 }, () => EXPECTED),
    )
    expect(budget.held).toBe(4 * BYTES)
    const times = EXPECTED.map((_, index) => timesOf(decoded, index))
    expect(times.filter((count) => count === 1)).toHaveLength(4)
    expect(times.filter((count) => count === 3)).toHaveLength(6)
  })

  it('are decoded ahead: as many as were asked for, not more', async () => {
    const { pictures, decoded } = open(new PictureBudget(0))
    await pictures.load(0, 3)
    await new Promise((resolve) => setImmediate(resolve))
    expect(decoded.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5])
    // Scorers ask for the same ones again.
    await pictures.load(0, 3)
    await pictures.load(3, 6)
    expect(Math.max(...decoded.map((index) => timesOf(decoded, index)))).toBe(1)
  })

  it('of who was used last push out those of the others', async () => {
    const budget = new PictureBudget(PICTURES * BYTES)
    const [first, second] = [open(budget), open(budget)]
    await pass(first.pictures)
    await pass(second.pictures)
    expect(budget.held).toBe(PICTURES * BYTES)
    await pass(second.pictures)
    expect(second.decoded).toHaveLength(PICTURES)
    await pass(first.pictures)
    expect(first.decoded).toHaveLength(2 * PICTURES)
  })

  it('fail where a broken one is asked for, and not before; the next pass tries again', async () => {
    const broken = new Set([4])
    const { pictures } = open(new PictureBudget(0), broken)
    expect(await pictures.load(0, 3)).toEqual(EXPECTED.slice(0, 3))
    await expect(pictures.load(3, 6)).rejects.toThrow('picture 4 is gone')
    broken.clear()
    expect(await pass(pictures)).toEqual(EXPECTED)
  })
})
