import { describe, expect, it } from 'vitest'
import { findPeaks } from '../../src-main/vision/bottom-up/find-peaks.ts'
import { groupByTags } from '../../src-main/vision/bottom-up/group-by-tags.ts'
import type { GroupedPerson } from '../../src-main/vision/bottom-up/group-by-tags.ts'
import type { JointMaps } from '../../src-main/vision/bottom-up/joint-maps.ts'
import { groupingOrder } from '../../src-main/vision/bottom-up/joint-order.ts'
import {
  parsePersons,
  PUBLISHED_PARSING,
  shiftQuarter,
} from '../../src-main/vision/bottom-up/parse-persons.ts'
import { goldenPath, hasShared, numbersOf, readGoldenJson, readNpz } from '../support/read-npz.ts'

interface GoldenGrouping {
  readonly parameters: { readonly jointOrder: readonly number[]; readonly maxPeople: number }
  readonly sets: readonly { readonly tag_dim: number; readonly size: number; readonly people: number }[]
  readonly tolerance: { readonly grouped: number; readonly final: number }
}

const JOINTS = 17

describe.skipIf(!hasShared)('bottom_up/grouping (needs ../shared)', () => {
  const golden = hasShared ? readGoldenJson<GoldenGrouping>('bottom_up/grouping.json') : null
  const arrays = hasShared ? readNpz(goldenPath('bottom_up/grouping.npz')) : {}

  it('groups joints in the published order', () => {
    expect(groupingOrder(JOINTS)).toEqual(golden?.parameters.jointOrder)
    expect(groupingOrder(14)).toEqual(golden?.parameters.jointOrder.filter((joint) => joint < 14))
    expect(PUBLISHED_PARSING.mostPersons).toBe(golden?.parameters.maxPeople)
  })

  it.each([0, 1])('set %i: peaks, persons, quarter shift, score and what is filled in', (index) => {
    const set = golden?.sets[index]
    if (golden === null || set === undefined) {
      throw new RangeError(`no set ${String(index)}`)
    }
    const maps: JointMaps = {
      joints: JOINTS,
      height: set.size,
      width: set.size,
      heat: Float32Array.from(numbersOf(arrays, `heatmaps${String(index)}`)),
      tags: Float32Array.from(numbersOf(arrays, `tags${String(index)}`)),
      tagSize: set.tag_dim,
    }
    const { detectionThreshold: threshold, mostPersons, tagThreshold } = PUBLISHED_PARSING
    const peaks = findPeaks(maps, { most: mostPersons, threshold })
    expect(peaks.map((found) => found.length)).toEqual([...numbersOf(arrays, `peakCount${String(index)}`)])

    const grouped = groupByTags(peaks, { order: groupingOrder(JOINTS), mostPersons, tagThreshold })
    expect(grouped).toHaveLength(set.people)
    const numbers = 3 + set.tag_dim
    expectNear(
      describeGroups(grouped, numbers, (peak) => [peak.x, peak.y]),
      numbersOf(arrays, `grouped${String(index)}`),
      golden.tolerance.grouped,
    )
    expectNear(
      describeGroups(grouped, numbers, (peak, joint) => shiftQuarter(maps, joint, peak)),
      numbersOf(arrays, `adjusted${String(index)}`),
      golden.tolerance.grouped,
    )

    const persons = parsePersons(maps)
    expectNear(
      persons.map(({ score }) => score),
      numbersOf(arrays, `scores${String(index)}`),
      golden.tolerance.grouped,
    )
    const final = numbersOf(arrays, `final${String(index)}`)
    const positions = persons.flatMap(({ keypoints }) => [...keypoints])
    const wanted = Array.from(
      { length: positions.length },
      (_, i) => final[Math.floor(i / 3) * numbers + (i % 3)] ?? Number.NaN,
    )
    expect(positions).toHaveLength((final.length / numbers) * 3)
    expectNear(positions, wanted, golden.tolerance.final)
  })
})

/** People × joint × (x, y, value, tags…), zeros where a joint is missing. */
function describeGroups(
  persons: readonly GroupedPerson[],
  numbers: number,
  place: (peak: NonNullable<GroupedPerson[number]>, joint: number) => readonly number[],
): number[] {
  return persons.flatMap((person) =>
    person.flatMap((peak, joint) =>
      peak === null ? new Array<number>(numbers).fill(0) : [...place(peak, joint), peak.value, ...peak.tag],
    ),
  )
}

function expectNear(got: readonly number[], want: ArrayLike<number>, tolerance: number): void {
  expect(got).toHaveLength(want.length)
  const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - (want[i] ?? Number.NaN))), 0)
  expect(worst).toBeLessThanOrEqual(tolerance)
}
