import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityProblems } from '../support/check-accessibility.ts'
import { keepEvidence } from '../support/keep-evidence.ts'
import { createDataFolder } from '../support/launch-studio.ts'
import { clickThroughFront, seeOverlay } from '../support/look-at-front.ts'
import { seeOwnPicture } from '../support/see-own-picture.ts'
import { SMALL_RUN, startRunFromForm, waitForStatus } from '../support/run-flow.ts'
import { openInChromium, serveStudio } from '../support/serve-studio.ts'
import type { BrowserPage, ServedStudio } from '../support/serve-studio.ts'

const RUN_TIMEOUT_MS = 3 * 60_000
/** Charts are laid out and colours have changed. */
const SETTLE_MS = 800

async function runIds(page: Page): Promise<readonly string[]> {
  await page.getByTestId('nav-runs').click()
  const rows = page.locator('[data-testid^="run-row-"]')
  await rows.first().waitFor()
  const ids = await Promise.all((await rows.all()).map((row) => row.getAttribute('data-testid')))
  return ids.map((id) => (id ?? '').replace('run-row-', ''))
}

/** Every page, with the run that is open now for those of a run. */
async function screensOf(page: Page): Promise<readonly string[]> {
  await page.getByTestId('nav-explore').click()
  await page.waitForURL(/explore/)
  const run = /\/runs\/(r-[^/?]+)/.exec(page.url())?.[1] ?? ''
  const others = await runIds(page)
  const tabs = ['overview', 'charts', 'search', 'log', 'config', 'environment']
  return [
    ...['/', '/runs', '/runs/new', '/datasets', '/doctor', '/settings'],
    `/runs/compare?runs=${others.join(',')}`,
    ...tabs.map((tab) => `/runs/${run}?tab=${tab}`),
    ...[`/runs/${run}/explore?c=1`, `/runs/${run}/preview`, `/runs/${run}/preview?of=own`],
  ]
}

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
      await seeOwnPicture(page, join(data.folder, `${preset}.jpg`))
      expect(browser.problems).toEqual([])
    },
    RUN_TIMEOUT_MS + 60_000,
  )

  it('asks again for a box of one person, drawn or typed, and for the whole picture', async () => {
    const { page } = browser
    keepEvidence('browser-box', page, served.output)
    const [, poseRun = ''] = await runIds(page)
    await page.evaluate(`location.hash = '#/runs/${poseRun}/preview?of=own'`)
    const layer = page.getByTestId('box-layer')
    await layer.waitFor()
    const place = await layer.boundingBox()
    if (place === null) {
      throw new Error('the picture has no place')
    }
    const at = (x: number, y: number) => [place.x + x * place.width, place.y + y * place.height] as const
    await page.mouse.move(...at(0.25, 0.25))
    await page.mouse.down()
    await page.mouse.move(...at(0.75, 0.5), { steps: 3 })
    await page.mouse.up()
    const field = page.getByTestId('person-box')
    await expect.poll(() => field.inputValue()).toMatch(/^60, (49|50|51), 120, (49|50|51)$/)
    await expect.poll(() => page.url()).toContain('box=')
    await field.fill('10, 20, 100, 90')
    await field.press('Enter')
    await expect.poll(() => decodeURIComponent(page.url())).toContain('box=10,+20,+100,+90')
    await page.getByTestId('whole-picture').click()
    await expect.poll(() => field.inputValue()).toBe('')
    expect(browser.problems).toEqual([])
  })

  it('exports the candidate that was looked at, and shows the score of the file', async () => {
    const { page } = browser
    keepEvidence('browser-export', page, served.output)
    await page.getByTestId('nav-explore').click()
    await clickThroughFront(page)
    await page.getByTestId('export-start').click()
    await page.getByTestId('export-accuracy').waitFor({ timeout: 60_000 })
    expect(await page.getByTestId('export-accuracy').innerText()).toBe(
      `${await page.getByTestId('candidate-accuracy').innerText()} %`,
    )
  })

  it('compares the two runs: fronts apart, because they measure different things, and what is set differently', async () => {
    const { page } = browser
    keepEvidence('browser-compare', page, served.output)
    await page.getByTestId('nav-runs').click()
    await page.locator('[data-testid^="tick-"]').first().waitFor()
    for (const box of await page.locator('[data-testid^="tick-"]').all()) {
      await box.check()
    }
    await page.getByTestId('compare-runs').click()
    const table = page.getByTestId('compare-table')
    await table.waitFor()
    expect(await table.innerText()).toMatch(
      /Hypervolume[\s\S]*task\s+segmentation\s+pose|task\s+pose\s+segmentation/,
    )
    expect(await page.locator('.fronts').count()).toBe(2)
    expect(await page.locator('.hypervolume').count()).toBe(2)
    // Nothing was measured alike, so nothing is the best.
    expect(await page.getByTestId('best').count()).toBe(0)
    const [first, second] = await page.locator('[data-testid^="pick-"]').all()
    await first?.uncheck()
    await page.getByText('Two runs make a comparison').waitFor()
    await first?.check()
    await second?.focus()
    await table.waitFor()
    await page.keyboard.press('Space')
    await page.getByText('Two runs make a comparison').waitFor()
    await page.keyboard.press('Space')
    await table.waitFor()
    expect(browser.problems).toEqual([])
  })

  it('has a card for each backend on the Doctor screen: one is taken, and none without a word', async () => {
    const { page } = browser
    keepEvidence('browser-doctor', page, served.output)
    await page.evaluate(`location.hash = '#/doctor'`)
    const cards = page.locator('[data-testid^="backend-"]')
    await cards.first().waitFor({ timeout: 60_000 })
    const states = await Promise.all((await cards.all()).map((card) => card.getAttribute('data-status')))
    expect(states).toHaveLength(3)
    expect(states.filter((state) => state === 'taken')).toHaveLength(1)
    expect(await page.getByTestId('backend-wasm').innerText()).toMatch(
      /self-test passed\s+(\d+) of \1 operations/,
    )
    expect(browser.problems).toEqual([])
  })

  it.each(['dark', 'light'] as const)('every screen passes the rules of axe, %s', async (colorScheme) => {
    const { page } = browser
    keepEvidence(`browser-axe-${colorScheme}`, page, served.output)
    await page.emulateMedia({ colorScheme })
    const found: string[] = []
    for (const path of await screensOf(page)) {
      await page.evaluate(`location.hash = '#${path}'`)
      await page.waitForTimeout(SETTLE_MS)
      found.push(...(await accessibilityProblems(page)).map((problem) => `${path} ${problem}`))
    }
    expect(found).toEqual([])
  })

  it('without the token nothing is answered', async () => {
    const origin = new URL(served.address).origin
    const answer = await fetch(`${origin}/api/runs/r-abcdef/preview/0/image`)
    expect(answer.status).toBe(401)
  })
})
