import { describe, expect, it } from 'vitest'
import { frontHypervolume } from '../../../../src-main/nas/pareto/hypervolume.ts'
import { bestIds } from '../../../../src-renderer/lib/best-values.ts'
import {
  comparedResults,
  differentKeys,
  frontsByProtocol,
} from '../../../../src-renderer/lib/compare-runs.ts'
import { labelledProblem, problemText, splitProblem } from '../../../../src-renderer/lib/form-problem.ts'
import { hypervolumeOption } from '../../../../src-renderer/lib/hypervolume-option.ts'
import { hypervolumeTraces } from '../../../../src-renderer/lib/hypervolume-trace.ts'
import { sampleCandidate, sampleDetails } from '../support/sample-run.ts'

describe('a comparison of runs', () => {
  const run = sampleDetails()
  const row = sampleCandidate(1, { macs: 1e6, accuracy: 0.5 })

  it('puts fronts together only if their scores were measured alike', () => {
    const [one, two, other] = [
      { run, rows: [row] },
      {
        run: { ...run, id: 'r-other001' },
        rows: [sampleCandidate(2, { macs: 2e6, accuracy: 0.6 })],
      },
      {
        run: { ...run, id: 'r-other002' },
        rows: [{ ...row, protocol: row.protocol && { ...row.protocol, flipTest: !row.protocol.flipTest } }],
      },
    ]
    const empty = { run: { ...run, id: 'r-other003' }, rows: [] }
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

  const grown = [
    sampleCandidate(1, { generation: 0, macs: 4e6, accuracy: 0.5 }),
    sampleCandidate(2, { generation: 0, macs: 10e6, accuracy: 0.4 }),
    // Proposed later, of an earlier generation than the next one in the list.
    sampleCandidate(4, { generation: 2, macs: 2e6, accuracy: 0.3 }),
    sampleCandidate(3, { generation: 1, macs: 8e6, accuracy: 0.6 }),
  ]

  it('grows the hypervolume evaluation by evaluation, against one reference for all', () => {
    const small = {
      run: { ...run, id: 'r-small001' },
      rows: [sampleCandidate(1, { macs: 4e6, accuracy: 0.5 })],
    }
    const { referenceMacs, traces } = hypervolumeTraces([{ run, rows: grown }, small])
    const reference = 1.01 * 10e6
    expect(referenceMacs).toBeCloseTo(reference, 6)
    // By hand, method.md 7.5: sum of (R - macs)(accuracy - accuracy before) / R over the front.
    const area = (macs: number, gain: number): number => ((reference - macs) * gain) / reference
    const want = [
      area(4e6, 0.5),
      area(4e6, 0.5),
      area(4e6, 0.5) + area(8e6, 0.1),
      area(2e6, 0.3) + area(4e6, 0.2) + area(8e6, 0.1),
    ]
    const [trace, other] = traces
    expect(trace?.points.map(({ evaluations }) => evaluations)).toEqual([1, 2, 3, 4])
    trace?.points.forEach(({ hypervolume }, at) => expect(hypervolume).toBeCloseTo(want[at] ?? -1, 12))
    expect(trace?.randomStart).toBe(2)
    expect(other?.points).toHaveLength(1)
    expect(other?.points[0]?.hypervolume).toBeCloseTo(area(4e6, 0.5), 12)
    expect(hypervolumeTraces([{ run, rows: [] }]).traces).toEqual([])
  })

  it('thins long traces and keeps their ends, which are those of the whole', () => {
    const rows = Array.from({ length: 2500 }, (_, at) =>
      sampleCandidate(at + 1, {
        macs: 1e6 + ((at * 7919) % 5000) * 1e3,
        accuracy: ((at * 104729) % 1000) / 1000,
      }),
    )
    const { referenceMacs, traces } = hypervolumeTraces([{ run, rows }])
    const points = traces[0]?.points ?? []
    expect(points.length).toBeLessThanOrEqual(302)
    expect([points[0]?.evaluations, points.at(-1)?.evaluations]).toEqual([1, 2500])
    expect(points.at(-1)?.hypervolume).toBeCloseTo(frontHypervolume(rows, referenceMacs), 12)
    const volumes = points.map(({ hypervolume }) => hypervolume)
    expect(volumes).toEqual(volumes.toSorted((a, b) => a - b))
  })

  it('draws a line for each run over its evaluations, and the end of the start that all share', () => {
    const traces = [
      { run, rows: grown },
      { run: { ...run, id: 'r-other001' }, rows: grown },
    ]
    const option = hypervolumeOption(hypervolumeTraces(traces).traces, () => '#123456')
    const series = option.series as { data: { value: number[] }[]; markLine?: { data: unknown[] } }[]
    expect(series.map(({ data }) => data.length)).toEqual([4, 4, 0])
    expect(series[2]?.markLine?.data).toEqual([{ xAxis: 2 }])
    const uneven = [
      { run, rows: grown },
      { run: { ...run, id: 'r-other001' }, rows: grown.slice(0, 1) },
    ]
    expect(hypervolumeOption(hypervolumeTraces(uneven).traces, () => '#123456').series).toHaveLength(2)
  })

  it('gives the figures of each run with the protocol that they may be compared under', () => {
    const scored = {
      ...run,
      bestAccuracy: 0.6,
      startedAt: 1000,
      endedAt: 61_000,
      status: 'completed' as const,
    }
    const { traces } = hypervolumeTraces([{ run: scored, rows: grown }])
    const empty = { run: { ...run, id: 'r-empty001', startedAt: null }, rows: [] }
    const [one, none] = comparedResults(
      [{ run: scored, rows: grown }, empty],
      [{ key: 'alike', traces }],
      90_000,
    )
    expect(one).toMatchObject({ evaluations: 4, search: 0.6, searchKey: 'alike', report: null, seconds: 60 })
    expect(one?.hypervolume).toBe(traces[0]?.points.at(-1)?.hypervolume)
    expect(none).toMatchObject({ evaluations: 0, searchKey: null, hypervolume: null, seconds: null })
  })

  it('calls the best only what was measured alike, and only where there is a difference', () => {
    const value = (id: string, key: string | null, number: number | null) => ({ id, key, value: number })
    const values = [value('a', 'x', 1), value('b', 'x', 2), value('c', 'y', 9), value('d', 'x', null)]
    expect([...bestIds(values, 'larger')]).toEqual(['b'])
    expect([...bestIds(values, 'smaller')]).toEqual(['a'])
    expect([...bestIds([value('a', 'x', 1), value('b', 'x', 1)], 'larger')]).toEqual([])
    expect([...bestIds([value('a', 'x', 2), value('b', 'x', 2), value('c', 'x', 1)], 'larger')]).toEqual([
      'a',
      'b',
    ])
    expect([...bestIds([value('a', null, 2), value('b', null, 1)], 'larger')]).toEqual([])
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
