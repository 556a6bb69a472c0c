import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepEvidence } from '../support/keep-evidence.ts'
import { createDataFolder, launchStudio } from '../support/launch-studio.ts'
import type { Studio } from '../support/launch-studio.ts'
import { isAlive, waitForProcess } from '../support/processes.ts'
import { openFront, SMALL_RUN, startRunFromForm, waitForPhase, waitForStatus } from '../support/run-flow.ts'

/** Promised to users: a dead worker shows up within two seconds. */
const NOTICE_MS = 2000
const RUN_TIMEOUT_MS = 3 * 60_000
/** Long enough to be met in the middle, with a checkpoint behind it. */
const LONGER_RUN = { ...SMALL_RUN, 'supernet.epochs': '16', 'supernet.checkpointEvery': '5' }

describe('a worker that is killed in the middle of a run', () => {
  const data = createDataFolder()
  let studio: Studio
  beforeAll(async () => {
    studio = await launchStudio(data.folder)
  })
  afterAll(async () => {
    await studio.close()
    data.remove()
  })

  it('shows as interrupted within two seconds, and the run is resumed from the window', async () => {
    const { page } = studio
    keepEvidence('desktop-worker-death', page, studio.output)
    await startRunFromForm(page, 'micro-pose', LONGER_RUN)
    await waitForPhase(page, 'supernet', RUN_TIMEOUT_MS)
    await page.waitForTimeout(2000) // into the training, past a checkpoint

    const engine = await waitForProcess(studio.mainPid, 'engine.js', 5000)
    const worker = await waitForProcess(engine.pid, 'worker.js', 5000)
    process.kill(worker.pid, 'SIGKILL')
    await waitForStatus(page, 'interrupted', NOTICE_MS)
    expect(await page.getByTestId('run-callout').innerText()).toMatch(/SIGKILL|worker/i)
    expect(isAlive(engine.pid)).toBe(true)

    await page.getByTestId('resume-run').click()
    await waitForStatus(page, 'completed', RUN_TIMEOUT_MS)
    expect(await openFront(page)).not.toHaveLength(0)
    expect(studio.problems).toEqual([])
  })
})
