import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { expect } from 'vitest'
import { countOverlayInk } from './overlay-ink.ts'

/** The network is exported and scored before its first picture. */
const FIRST_ANSWER_MS = 60_000

/**
 * Adds a picture of one's own to the run that Preview shows and waits until an overlay colours it.
 *
 * @param file - Written here: a drawing of 240 × 200 pixels with noise.
 */
export async function seeOwnPicture(page: Page, file: string): Promise<void> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  await sharp({ create: { width: 240, height: 200, channels: 3, background: '#406080', noise } })
    .jpeg()
    .toFile(file)
  await page.getByTestId('preview-source').getByText('Your pictures').click()
  await page.getByTestId('own-picture-add').waitFor()
  await page.getByTestId('own-picture-file').setInputFiles(file)
  const picture = page.getByTestId('own-pictures').getByTestId('overlay-canvas').first()
  await picture.waitFor({ timeout: FIRST_ANSWER_MS })
  await expect.poll(() => countOverlayInk(page, picture), { timeout: 20_000 }).toBeGreaterThan(100)
  expect(await page.getByTestId('own-picture-name').innerText()).toMatch(/\.jpg$/)
}
