import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepEvidence } from '../support/keep-evidence.ts'
import { createDataFolder, launchStudio } from '../support/launch-studio.ts'
import type { Studio } from '../support/launch-studio.ts'
import { clickThroughFront, seeOverlay } from '../support/look-at-front.ts'
import { openFront, startDemo, waitForStatus } from '../support/run-flow.ts'

/** The demo is made for minutes on two cores; on a busy machine it takes longer. */
const DEMO_TIMEOUT_MS = 9 * 60_000
const LEAST_FRONT = 5

describe('the demo in the desktop window', () => {
  const data = createDataFolder()
  let studio: Studio
  beforeAll(async () => {
    studio = await launchStudio(data.folder)
  })
  afterAll(async () => {
    await studio.close()
    data.remove()
  })

  it(
    'one click leads to a front whose points show their architecture and their predictions',
    async () => {
      keepEvidence('desktop-demo', studio.page, studio.output)
      await startDemo(studio.page)
      await waitForStatus(studio.page, 'completed', DEMO_TIMEOUT_MS)
      expect(await clickThroughFront(studio.page)).toBeGreaterThanOrEqual(LEAST_FRONT)
      await seeOverlay(studio.page)
      expect(studio.problems).toEqual([])
    },
    DEMO_TIMEOUT_MS + 2 * 60_000,
  )

  it('after closing and opening the window the run and its front are where they were', async () => {
    const front = await openFront(studio.page)
    await studio.close()
    studio = await launchStudio(data.folder)
    keepEvidence('desktop-reopened', studio.page, studio.output)
    await studio.page.locator('[data-testid^="run-row-"]').first().click()
    await waitForStatus(studio.page, 'completed', 20_000)
    const ids = (await openFront(studio.page)).map(({ genotypeId }) => genotypeId)
    expect(ids).toEqual(front.map(({ genotypeId }) => genotypeId))
    expect(studio.problems).toEqual([])
  })
})
