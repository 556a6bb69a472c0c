import { describe, expect, it } from 'vitest'
import type { Peak } from '../../src-main/vision/bottom-up/find-peaks.ts'
import { groupByTags } from '../../src-main/vision/bottom-up/group-by-tags.ts'
import { groupingOrder } from '../../src-main/vision/bottom-up/joint-order.ts'
import { PUBLISHED_PARSING } from '../../src-main/vision/bottom-up/parse-persons.ts'
import { listTaggedPersons } from '../../src-main/vision/bottom-up/scene-targets.ts'
import { tagLoss } from '../../src-main/vision/bottom-up/tag-loss.ts'
import { symmetric } from '../support/formula-weights.ts'
import { distance } from '../support/golden-network.ts'
import { readCopiedJson } from '../support/read-npz.ts'

/** Parts of the golden sets that fit into the repository, so that a clone without ../shared is checked by them too. */

interface CopiedTagLoss {
  readonly push: readonly number[]
  readonly pull: readonly number[]
  readonly gradientNorm: number
}

interface CopiedLoss {
  readonly resolution: number
  readonly tagsInput: { readonly name: string; readonly seed: number; readonly bound: number }
  readonly loss: { readonly exp: CopiedTagLoss; readonly max: CopiedTagLoss }
  /** Images × 6 persons × 17 joints × (x, y, visibility). */
  readonly people: readonly number[]
  /** By flat index joint · plane + pixel, images one after another; all others are 0. */
  readonly gradients: Readonly<
    Record<'exp' | 'max', { readonly at: readonly number[]; readonly value: readonly number[] }>
  >
}

interface CopiedGrouping {
  readonly sets: readonly {
    readonly tagSize: number
    readonly people: number
    /** Per joint, by falling heat: x, y, heat, tags. */
    readonly peaks: readonly (readonly (readonly number[])[])[]
    /** People × joints × (x, y, heat, tags); 0 where a joint is missing. */
    readonly grouped: readonly number[]
  }[]
}

const JOINTS = 17
const PERSONS = 6
const MOST_PERSONS = 30
/** Of the sets: losses 1e-5 relative, gradient 1e-4 of its norm. Positions and values were only copied, so they are equal to 1e-6. */
const [LOSS, GRADIENT, COPIED] = [1e-5, 1e-4, 1e-6] as const

describe('the copied tag loss', () => {
  const golden = readCopiedJson<CopiedLoss>('bottom-up-loss.json')
  const { width, plane } = { width: golden.resolution, plane: golden.resolution ** 2 }
  const images = golden.people.length / (PERSONS * JOINTS * 3)
  const size = { width, height: width, joints: JOINTS }
  const tags = symmetric(
    golden.tagsInput.seed,
    golden.tagsInput.name,
    images * plane * JOINTS,
    golden.tagsInput.bound,
  )

  it.each(['exp', 'max'] as const)('has the %s push, the pull and the gradient of the reference', (kind) => {
    const { push, pull, gradientNorm } = golden.loss[kind]
    const gradient = new Float64Array(tags.length)
    for (let image = 0; image < images; image++) {
      // Ours lie pixel by pixel, the set's joint by joint.
      const own = Float64Array.from(
        { length: plane * JOINTS },
        (_, at) => tags[theirs(image, at)] ?? Number.NaN,
      )
      const slope = new Float64Array(own.length)
      const persons = Array.from({ length: PERSONS }, (_, person) => {
        const start = (image * PERSONS + person) * JOINTS * 3
        return golden.people.slice(start, start + JOINTS * 3)
      })
      const loss = tagLoss(own, listTaggedPersons(size, persons, MOST_PERSONS), slope, 1, kind)
      slope.forEach((value, at) => (gradient[theirs(image, at)] = value))
      expect(Math.abs(loss.push - (push[image] ?? 1))).toBeLessThanOrEqual(LOSS)
      expect(Math.abs(loss.pull - (pull[image] ?? 1))).toBeLessThanOrEqual(LOSS)
    }
    const wanted = new Float64Array(tags.length)
    const { at, value } = golden.gradients[kind]
    at.forEach((index, i) => (wanted[index] = value[i] ?? Number.NaN))
    expect(distance(gradient, [...wanted])).toBeLessThanOrEqual(GRADIENT * gradientNorm)
  })

  function theirs(image: number, at: number): number {
    return image * plane * JOINTS + (at % JOINTS) * plane + Math.floor(at / JOINTS)
  }
})

describe('the copied peaks', () => {
  const { sets } = readCopiedJson<CopiedGrouping>('bottom-up-grouping.json')
  const { mostPersons, tagThreshold } = PUBLISHED_PARSING

  it.each(sets.map((set, index) => ({ index, set })))(
    'of set $index are grouped into the persons of the reference',
    ({ set }) => {
      const peaks = set.peaks.map((list) =>
        list.map(([x = 0, y = 0, ...own]): Peak => {
          // Nine digits name a float32; the tags must be those very numbers, since costs tie.
          const [value = 0, ...tag] = own.map(Math.fround)
          return { x, y, value, tag }
        }),
      )
      const persons = groupByTags(peaks, { order: groupingOrder(JOINTS), mostPersons, tagThreshold })
      expect(persons).toHaveLength(set.people)
      const got = persons.flatMap((person) =>
        person.flatMap((peak) =>
          peak === null
            ? new Array<number>(3 + set.tagSize).fill(0)
            : [peak.x, peak.y, peak.value, ...peak.tag],
        ),
      )
      expect(got).toHaveLength(set.grouped.length)
      const worst = Math.max(...got.map((value, i) => Math.abs(value - (set.grouped[i] ?? Number.NaN))))
      expect(worst).toBeLessThanOrEqual(COPIED)
    },
  )
})
