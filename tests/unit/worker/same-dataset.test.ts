import { describe, expect, it } from 'vitest'
import { requireSameDataset } from '../../../src-main/worker/same-dataset.ts'

const prepared = { fingerprint: 'a', leftOut: [{ reason: 'no labelled joint', count: 3, example: '7' }] }

describe('the data set of a run', () => {
  it('passes while it is what the run was prepared with, and where nothing is known of that', () => {
    expect(() => requireSameDataset(prepared, { ...prepared })).not.toThrow()
    expect(() => requireSameDataset(undefined, prepared)).not.toThrow()
  })

  it('is refused by what is missing now, with its example, and not by what always was', () => {
    const gone = { reason: 'picture not found', count: 1, example: 'v105.jpg' }
    expect(() =>
      requireSameDataset(prepared, { fingerprint: 'b', leftOut: [...prepared.leftOut, gone] }),
    ).toThrow('prepared with (1 more left out: picture not found (for example v105.jpg)). Bring back')
  })

  it('is refused where it changed without losing anything', () => {
    expect(() => requireSameDataset(prepared, { ...prepared, fingerprint: 'b' })).toThrow(
      'pictures, annotations or how they are split changed',
    )
  })
})
