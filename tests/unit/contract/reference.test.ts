import { describe, expect, it } from 'vitest'
import { describeReferenceGap, listReferenceGaps } from '../../../src-main/contract/index.ts'
import type { ReferenceScore } from '../../../src-main/contract/index.ts'
import { fakeProtocol } from '../../support/fake-scores.ts'
import { sampleCandidate } from '../renderer/support/sample-run.ts'

const teacher = (split: ReferenceScore['split'], accuracy: number): ReferenceScore => ({
  ...{ name: 'teacher', genotypeId: 'big', macs: 2, params: 3, iterations: 10, split },
  ...{ metrics: { accuracy }, protocol: fakeProtocol(split) },
})
const row = {
  ...sampleCandidate(1),
  ...{ genotypeId: 'big', accuracy: 0.408, protocol: fakeProtocol('search') },
}
const reported = {
  ...{ candidateId: row.id, genotypeId: 'big', split: 'report' as const },
  ...{ metrics: { accuracy: 0.42 }, protocol: fakeProtocol('report') },
}

describe('what inheriting costs', () => {
  it('is the distance of the same architecture, on each split', () => {
    const gaps = listReferenceGaps(
      [teacher('search', 0.421), teacher('report', 0.4)],
      [{ ...row, id: 'other', genotypeId: 'small', accuracy: 0.9 }, row],
      [reported],
    )
    expect(gaps.map(describeReferenceGap)).toEqual([
      'inherited: 1.3 points below the teacher of this run, 42.1 (search split)',
      'inherited: 2.0 points above the teacher of this run, 40.0 (report split)',
    ])
  })

  it('is not told where nothing of that architecture was scored alike', () => {
    const other = { ...fakeProtocol('search'), samples: 31 }
    expect(listReferenceGaps([teacher('search', 0.4)], [{ ...row, protocol: other }], [])).toEqual([])
    expect(listReferenceGaps([teacher('search', 0.4)], [{ ...row, genotypeId: 'small' }], [])).toEqual([])
    expect(listReferenceGaps([teacher('report', 0.4)], [row], [])).toEqual([])
  })

  it('does not depend on the order in which the fields of a protocol are stored', () => {
    const turned = Object.fromEntries(Object.entries(fakeProtocol('search')).toReversed())
    const gaps = listReferenceGaps([teacher('search', 0.408)], [{ ...row, protocol: turned as never }], [])
    expect(gaps.map(describeReferenceGap)).toEqual([
      'inherited: level with the teacher of this run, 40.8 (search split)',
    ])
  })
})
