import type { MetricPoint } from './event.ts'

/**
 * Share of the training time spent waiting for the next batch, 0..1: waiting over step time, both summed. A step's time is its
 * images over its pace, and batches of one phase have one size.
 *
 * @param points - Of one phase; thinned lists serve too.
 * @returns Null for no points.
 */
export function meanLoaderWait(
  points: readonly Pick<MetricPoint, 'loaderWait' | 'imagesPerSecond'>[],
): number | null {
  let waited = 0
  let total = 0
  for (const { loaderWait, imagesPerSecond } of points) {
    const seconds = 1 / Math.max(imagesPerSecond, Number.MIN_VALUE)
    waited += loaderWait * seconds
    total += seconds
  }
  return total > 0 && Number.isFinite(total) ? waited / total : null
}
