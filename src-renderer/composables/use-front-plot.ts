import { computed } from 'vue'
import type { ComputedRef, Ref } from 'vue'
import type { Baseline, CandidateRow } from '../../src-main/contract/index.ts'
import { candidateFront, isEvaluated, mainProtocolRows } from '../lib/candidate-front.ts'
import type { EvaluatedRow } from '../lib/candidate-front.ts'
import { macsScale } from '../lib/format-quantity.ts'
import type { MacsScale } from '../lib/format-quantity.ts'
import { mainMetric } from '../lib/main-metric.ts'
import { niceTicks } from '../lib/nice-ticks.ts'
import type { NiceTicks } from '../lib/nice-ticks.ts'
import { paddedExtent } from '../lib/padded-extent.ts'
import type { Extent } from '../lib/padded-extent.ts'
import { isInside, toPixel } from '../lib/plot-frame.ts'
import type { PlotFrame, Position } from '../lib/plot-frame.ts'

export interface FrontPoint extends Position {
  readonly row: EvaluatedRow
  readonly isOnFront: boolean
}

export interface BaselineMark {
  readonly name: string
  readonly accuracy: number
}

export interface FrontPlot {
  readonly frame: PlotFrame
  readonly xTicks: NiceTicks
  readonly yTicks: NiceTicks
  readonly scale: MacsScale
  readonly rows: readonly EvaluatedRow[]
  readonly front: readonly EvaluatedRow[]
  readonly firstFront: readonly EvaluatedRow[]
  readonly lastGeneration: number
  /** Positions in pixels of what lies inside the axes. */
  readonly points: readonly FrontPoint[]
  readonly baselineMarks: readonly BaselineMark[]
}

export interface FrontPlotOptions {
  readonly rows: () => readonly CandidateRow[]
  readonly generation: () => number | null
  readonly baselines: () => readonly Baseline[]
  readonly isCompact: () => boolean
  readonly width: Ref<number>
  readonly height: Ref<number>
  readonly zoom: Ref<{ readonly from: Position; readonly to: Position } | null>
}

const ROOM = { left: 56, right: 22, top: 56, bottom: 40 } as const
const COMPACT_ROOM = { left: 36, right: 10, top: 12, bottom: 34 } as const

/** Everything that the accuracy-cost chart and the marks above it share. The axes cover all generations, so that they hold still. */
export function useFrontPlot(options: FrontPlotOptions): ComputedRef<FrontPlot> {
  const all = computed(() => mainProtocolRows(options.rows().filter(isEvaluated)))
  const scale = computed(() => macsScale(Math.max(0, ...all.value.map((row) => row.macs))))
  const axes = computed(() => axesOf(all.value, scale.value, options.zoom.value))
  const shown = computed(() =>
    all.value.filter((row) => row.generation <= (options.generation() ?? Infinity)),
  )
  const front = computed(() => candidateFront(shown.value))
  const lastGeneration = computed(() => Math.max(0, ...all.value.map((row) => row.generation)))

  return computed(() => {
    const frame: PlotFrame = {
      ...(options.isCompact() ? COMPACT_ROOM : ROOM),
      width: options.width.value,
      height: options.height.value,
      ...axes.value,
    }
    return {
      frame,
      xTicks: niceTicks(frame.x, 8),
      yTicks: niceTicks(frame.y, 6),
      scale: scale.value,
      rows: shown.value,
      front: front.value,
      firstFront: lastGeneration.value > 0 && !options.isCompact() ? candidateFront(all.value, 0) : [],
      lastGeneration: lastGeneration.value,
      points: pointsOf(shown.value, front.value, frame, scale.value),
      baselineMarks: baselineMarksOf(options.baselines()),
    }
  })
}

function axesOf(
  rows: readonly EvaluatedRow[],
  scale: MacsScale,
  zoom: { readonly from: Position; readonly to: Position } | null,
): { readonly x: Extent; readonly y: Extent } {
  if (zoom !== null) {
    return { x: ordered(zoom.from.x, zoom.to.x), y: ordered(zoom.from.y, zoom.to.y) }
  }
  const x = paddedExtent(rows.map((row) => row.macs / scale.divisor))
  const y = paddedExtent(
    rows.map((row) => row.accuracy),
    0.08,
  )
  return { x: x ?? [0, 1], y: y ?? [0, 1] }
}

function ordered(a: number, b: number): Extent {
  return a < b ? [a, b] : [b, a]
}

function pointsOf(
  rows: readonly EvaluatedRow[],
  front: readonly EvaluatedRow[],
  frame: PlotFrame,
  scale: MacsScale,
): readonly FrontPoint[] {
  const onFront = new Set(front.map((row) => row.id))
  return rows
    .map((row) => ({
      row,
      isOnFront: onFront.has(row.id),
      ...toPixel(frame, { x: row.macs / scale.divisor, y: row.accuracy }),
    }))
    .filter((point) => isInside(frame, point))
}

function baselineMarksOf(baselines: readonly Baseline[]): readonly BaselineMark[] {
  return baselines
    .filter((baseline) => baseline.split === 'search')
    .flatMap((baseline) => {
      const accuracy = mainMetric(baseline.metrics)
      return accuracy === null ? [] : [{ name: baseline.name, accuracy }]
    })
}
