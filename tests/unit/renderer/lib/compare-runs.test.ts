import { describe, expect, it } from 'vitest'
import type { GenerationRow } from '../../../../src-main/contract/index.ts'
import {
  differentKeys,
  frontsByProtocol,
  lastHypervolume,
} from '../../../../src-renderer/lib/compare-runs.ts'
import { labelledProblem, problemText, splitProblem } from '../../../../src-renderer/lib/form-problem.ts'
import { sampleCandidate, sampleDetails } from '../support/sample-run.ts'

describe('a comparison of runs', () => {
  const run = sampleDetails()
  const row = sampleCandidate(1, { macs: 1e6, accuracy: 0.5 })

  it('puts fronts together only if their scores were measured alike', () => {
    const [one, two, other] = [
      { run, rows: [row], generations: [] },
      {
        run: { ...run, id: 'r-other001' },
        rows: [sampleCandidate(2, { macs: 2e6, accuracy: 0.6 })],
        generations: [],
      },
      {
        run: { ...run, id: 'r-other002' },
        rows: [{ ...row, protocol: row.protocol && { ...row.protocol, flipTest: !row.protocol.flipTest } }],
        generations: [],
      },
    ]
    const empty = { run: { ...run, id: 'r-other003' }, rows: [], generations: [] }
    expect(
      frontsByProtocol([one, two, other, empty]).map((group) => group.map((front) => front.run.id)),
    ).toEqual([[run.id, 'r-other001'], ['r-other002']])
  })

  it('lists the settings that differ, and nothing for equal ones', () => {
    const { config } = run
    expect(differentKeys([config, structuredClone(config)])).toEqual([])
    const changed = { ...config, seed: 7, search: { ...config.search, generations: 9 } }
    expect(differentKeys([config, changed])).toEqual([
      { path: 'seed', values: [String(config.seed), '7'] },
      { path: 'search.generations', values: [String(config.search.generations), '9'] },
    ])
  })

  it('takes the last hypervolume that is known', () => {
    const known: GenerationRow = {
      ...{ generation: 0, proposed: 1, evaluated: 1, failed: 0, closed: true },
      ...{ bestAccuracy: 0.5, hypervolume: 0.4 },
    }
    expect(lastHypervolume([known, { ...known, generation: 1, hypervolume: null }])).toBe(0.4)
    expect(lastHypervolume([])).toBeNull()
  })
})

describe('problems of the form', () => {
  it.each([
    ['Too small: expected number to be >=15', 'at least 15'],
    ['Too big: expected number to be <=1', 'at most 1'],
    ['Too small: expected number to be >0', 'more than 0'],
    ['Invalid input: expected int, received number', 'a whole number is needed'],
    ['depths must follow each other', 'depths must follow each other'],
  ])('says "%s" as "%s"', (message, words) => {
    expect(problemText(message)).toBe(words)
  })

  it('finds the field that the engine names, and calls it by its label', () => {
    const { path, text } = splitProblem('network.inputHeight: input 65×64 is not possible')
    expect(path).toBe('network.inputHeight')
    expect(labelledProblem(path ?? '', text)).toBe('Input height: input 65×64 is not possible')
    expect(splitProblem('the disk is full')).toEqual({ path: null, text: 'the disk is full' })
  })
})
