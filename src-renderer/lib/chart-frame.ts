import type { Extent } from './padded-extent.ts'
import type { PlotFrame } from './plot-frame.ts'

/** The plot area of a frame as ECharts takes it: exactly there, whatever the labels need. */
export function gridOf({ left, right, top, bottom }: Pick<PlotFrame, 'left' | 'right' | 'top' | 'bottom'>) {
  return { left, right, top, bottom, outerBoundsMode: 'none' } as const
}

/** A linear axis over exactly this range. */
export function rangeOf([min, max]: Extent) {
  return { type: 'value', min, max } as const
}
