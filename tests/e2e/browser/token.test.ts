import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityProblems } from '../support/check-accessibility.ts'
import { keepEvidence } from '../support/keep-evidence.ts'
import { createDataFolder } from '../support/launch-studio.ts'
import { openInChromium, serveStudio } from '../support/serve-studio.ts'
import type { BrowserPage, ServedStudio } from '../support/serve-studio.ts'

describe('a browser without the token', () => {
  const data = createDataFolder()
  let served: ServedStudio
  let browser: BrowserPage
  beforeAll(async () => {
    served = await serveStudio(data.folder)
    browser = await openInChromium(`${new URL(served.address).origin}/`)
  })
  afterAll(async () => {
    await browser.close()
    await served.stop()
    data.remove()
  })

  it('sees a field for it, says what is wrong with one, and connects with the right one', async () => {
    const { page } = browser
    keepEvidence('browser-token', page, served.output)
    const field = page.getByTestId('token-field')
    await field.waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await field.fill('wrong')
    await field.press('Enter')
    await page.getByText('does not take this token').waitFor()
    await field.fill(served.address)
    await page.getByTestId('token-submit').click()
    await page.getByTestId('start-demo').waitFor()
    expect(page.url()).not.toContain('token')
    await page.reload()
    await page.getByTestId('start-demo').waitFor()
  })

  it('may also paste the address over that of the open page', async () => {
    const { page } = browser
    await page.evaluate('sessionStorage.clear()')
    await page.reload()
    await page.getByTestId('token-field').waitFor()
    await page.goto(served.address)
    await page.getByTestId('start-demo').waitFor()
    expect(page.url()).not.toContain('token')
  })
})
