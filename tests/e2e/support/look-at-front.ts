import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { countOverlayInk } from './overlay-ink.ts'
import { clickFrontPoint, openFront } from './run-flow.ts'

/** Key points and limbs of one figure cover far more; a stray anti-aliased edge far less. */
const LEAST_INK_PIXELS = 150
const PREDICTION_TIMEOUT_MS = 60_000

/** Explore: a click on each of some front points shows the genotype id of that very point. @returns the number of front points. */
export async function clickThroughFront(page: Page): Promise<number> {
  const front = await openFront(page)
  const [first, middle, last] = [front[0], front[Math.floor(front.length / 2)], front.at(-1)]
  for (const point of [first, middle, last]) {
    if (point) {
      expect(await clickFrontPoint(page, point)).toBe(point.genotypeId)
    }
  }
  return front.length
}

/** Preview: the predictions of the chosen candidate are drawn over the picture. */
export async function seeOverlay(page: Page): Promise<void> {
  await page.getByTestId('nav-preview').click()
  const overlay = page.getByTestId('overlay-canvas').first()
  await overlay.waitFor({ timeout: PREDICTION_TIMEOUT_MS })
  await expect
    .poll(() => countOverlayInk(page, overlay), { timeout: PREDICTION_TIMEOUT_MS, interval: 500 })
    .toBeGreaterThan(LEAST_INK_PIXELS)
}
