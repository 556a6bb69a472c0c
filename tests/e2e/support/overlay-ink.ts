import type { Locator, Page } from 'playwright-core'
import sharp from 'sharp'

/** A channel may differ by this much through image scaling alone. */
const TOLERANCE = 24

/**
 * How many pixels of `picture` the overlays colour: those that change while the key H hides them.
 *
 * What a person sees is measured, so it does not matter how the overlays are drawn.
 */
export async function countOverlayInk(page: Page, picture: Locator): Promise<number> {
  const shown = await picture.screenshot({ animations: 'disabled' })
  await page.keyboard.down('h')
  await page.waitForTimeout(300)
  const hidden = await picture.screenshot({ animations: 'disabled' })
  await page.keyboard.up('h')
  await page.waitForTimeout(300)
  return countDifferentPixels(shown, hidden)
}

/** @param first - PNG. @param second - PNG of the same size. */
export async function countDifferentPixels(first: Buffer, second: Buffer): Promise<number> {
  const [a, b] = [await readPixels(first), await readPixels(second)]
  if (a.length !== b.length) {
    throw new Error(`pictures of different sizes: ${a.length} and ${b.length} bytes`)
  }
  let count = 0
  for (let at = 0; at < a.length; at += 3) {
    const difference = Math.max(
      ...[0, 1, 2].map((channel) => Math.abs((a[at + channel] ?? 0) - (b[at + channel] ?? 0))),
    )
    count += difference > TOLERANCE ? 1 : 0
  }
  return count
}

const readPixels = (png: Buffer): Promise<Buffer> =>
  sharp(png).removeAlpha().toColourspace('srgb').raw().toBuffer()
