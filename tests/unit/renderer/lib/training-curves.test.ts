import { describe, expect, it } from 'vitest'
import { lossPlot } from '../../../../src-renderer/lib/loss-plot.ts'
import { mergeMetrics } from '../../../../src-renderer/lib/merge-metrics.ts'
import { turnLooks } from '../../../../src-renderer/lib/sampling-order.ts'
import { takeOverIterations, turnCurves } from '../../../../src-renderer/lib/training-curves.ts'
import { sampleMetric, samplePreset } from '../support/sample-run.ts'

const loss = (point: { readonly loss: number }): number => point.loss

describe('mergeMetrics', () => {
  it('counts a point once and takes the later one', () => {
    const merged = mergeMetrics(
      [sampleMetric(0), sampleMetric(1)],
      [sampleMetric(1, { loss: 9 }), sampleMetric(2)],
    )
    expect(merged.map((point) => [point.iteration, point.loss])).toEqual([
      [0, 1],
      [1, 9],
      [2, 1 / 3],
    ])
  })

  it('keeps attempts and phases apart, teacher first', () => {
    const merged = mergeMetrics(
      [sampleMetric(5)],
      [sampleMetric(5, { attempt: 2 }), sampleMetric(9, { phase: 'teacher', turn: -1 })],
    )
    expect(merged.map((point) => `${point.phase} ${String(point.attempt)}`)).toEqual([
      'teacher 1',
      'supernet 1',
      'supernet 2',
    ])
  })
})

describe('turnCurves', () => {
  it('has one line a turn with its name', () => {
    const curves = turnCurves(
      [0, 1, 2, 3].map((iteration) => sampleMetric(iteration)),
      'supernet',
      loss,
      ['smallest', 'largest'],
    )
    expect(curves.map((curve) => [curve.label, curve.points.map((point) => point.iteration)])).toEqual([
      ['smallest', [0, 2]],
      ['largest', [1, 3]],
    ])
  })

  it('greys what a later attempt has overtaken', () => {
    const points = [0, 2, 4, 6].map((iteration) => sampleMetric(iteration))
    const resumed = [4, 6].map((iteration) => sampleMetric(iteration, { attempt: 2 }))
    const [curve] = turnCurves([...points, ...resumed], 'supernet', loss, [])
    expect(curve?.points.map((point) => point.iteration)).toEqual([0, 2, 4, 6])
    expect(curve?.overtaken.map((point) => point.iteration)).toEqual([4, 6])
    expect(takeOverIterations([...points, ...resumed]).get(1)).toBe(4)
  })

  it('a third attempt that starts before the second overtakes both', () => {
    const points = [sampleMetric(10), sampleMetric(8, { attempt: 2 }), sampleMetric(2, { attempt: 3 })]
    expect([...takeOverIterations(points)]).toEqual([
      [3, Infinity],
      [2, 2],
      [1, 2],
    ])
  })
})

describe('turnLooks', () => {
  it('orders the cycle from smallest to largest, by depth before fusion', () => {
    const looks = turnLooks(samplePreset().config)
    const bySize = looks.toSorted((a, b) => a.rank - b.rank).map((look) => look.label)
    expect(bySize).toMatchInlineSnapshot(`
      [
        "smallest",
        "p=0.2 depths 1-2",
        "p=0.5 depths 1-2",
        "p=0.8 depths 1-2",
        "p=0.2 depths 2-3",
        "p=0.5 depths 2-3",
        "p=0.8 depths 2-3",
        "largest",
      ]
    `)
  })
})

describe('lossPlot', () => {
  const curves = turnCurves(
    [0, 2, 4].map((iteration) => sampleMetric(iteration)),
    'supernet',
    loss,
    [],
  )
  const size = { width: 600, height: 300, xAxis: 'iteration', smoothing: 0 } as const

  it('holds all points inside its axes, in logarithms where it is logarithmic', () => {
    const plot = lossPlot({ ...size, curves, isLog: true })
    const [curve] = plot?.curves ?? []
    expect(curve?.smooth.map((point) => point.y)).toEqual([1, 1 / 3, 1 / 5].map(Math.log10))
    const [low, high] = plot?.frame.y ?? [NaN, NaN]
    expect(curve?.smooth.every((point) => point.y > low && point.y < high)).toBe(true)
  })

  it('leaves a loss of zero out of a logarithmic axis', () => {
    const zero = turnCurves([sampleMetric(0), sampleMetric(2, { loss: 0 })], 'supernet', loss, [])
    expect(lossPlot({ ...size, curves: zero, isLog: true })?.curves[0]?.smooth).toHaveLength(1)
  })

  it('is nothing for no points', () => {
    expect(lossPlot({ ...size, curves: [], isLog: false })).toBeNull()
  })
})
