import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepEvidence } from '../support/keep-evidence.ts'
import { createDataFolder } from '../support/launch-studio.ts'
import { clickThroughFront, seeOverlay } from '../support/look-at-front.ts'
import { SMALL_RUN, startRunFromForm, waitForStatus } from '../support/run-flow.ts'
import { openInChromium, serveStudio } from '../support/serve-studio.ts'
import type { BrowserPage, ServedStudio } from '../support/serve-studio.ts'

const RUN_TIMEOUT_MS = 3 * 60_000

describe('the studio in a browser', () => {
  const data = createDataFolder()
  let served: ServedStudio
  let browser: BrowserPage
  beforeAll(async () => {
    served = await serveStudio(data.folder)
    browser = await openInChromium(served.address)
  })
  afterAll(async () => {
    await browser.close()
    await served.stop()
    data.remove()
  })

  it('takes the token out of the address bar and keeps it over a reload', async () => {
    const { page } = browser
    await page.getByTestId('start-demo').waitFor()
    expect(page.url()).not.toContain('token')
    await page.reload()
    await page.getByTestId('start-demo').waitFor()
  })

  it.each(['micro-pose', 'micro-seg'])(
    'a run of %s from the form leads to a front and to overlays',
    async (preset) => {
      const { page } = browser
      keepEvidence(`browser-${preset}`, page, served.output)
      await startRunFromForm(page, preset, SMALL_RUN)
      await waitForStatus(page, 'completed', RUN_TIMEOUT_MS)
      expect(await clickThroughFront(page)).toBeGreaterThan(0)
      await seeOverlay(page)
      expect(browser.problems).toEqual([])
    },
    RUN_TIMEOUT_MS + 60_000,
  )

  it('without the token nothing is answered', async () => {
    const origin = new URL(served.address).origin
    const answer = await fetch(`${origin}/api/runs/r-abcdef/preview/0/image`)
    expect(answer.status).toBe(401)
  })
})
