import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

/** Field of the form → text, as a person types it. */
export type FormEntries = Readonly<Record<string, string>>

/** A complete run in well under a minute: every part happens, none has to be good. */
export const SMALL_RUN: FormEntries = {
  'dataset.drawn.train': '96',
  'dataset.drawn.search': '32',
  'dataset.drawn.report': '32',
  'teacher.epochs': '2',
  'supernet.epochs': '4',
  'search.initial': '15',
  'search.generations': '1',
  'search.perGeneration': '5',
}

const START_TIMEOUT_MS = 90_000 // the preflight runs one batch of every step first

/** Fills the New-run form over a preset and starts the run. @returns its id, as the page shows it. */
export async function startRunFromForm(page: Page, preset: string, entries: FormEntries): Promise<string> {
  await page.evaluate(`location.hash = '#/runs/new?preset=${preset}'`)
  await page.getByTestId('advanced-toggle').click()
  for (const [field, text] of Object.entries(entries)) {
    await page.getByTestId(`field-${field}`).fill(text)
  }
  await page.getByTestId('new-run-start').click()
  return await readRunId(page)
}

/** Presses the button of the empty home screen. @returns the id of the run. */
export async function startDemo(page: Page): Promise<string> {
  await page.getByTestId('start-demo').click()
  return await readRunId(page)
}

/** @throws when the status does not come in time, with what the page shows instead. */
export async function waitForStatus(page: Page, status: string, timeoutMs: number): Promise<void> {
  const chip = page.getByTestId('run-status')
  await expect
    .poll(() => chip.getAttribute('data-status'), {
      timeout: timeoutMs,
      interval: 200,
      message: `run status ${status}`,
    })
    .toBe(status)
}

export async function waitForPhase(page: Page, phase: string, timeoutMs: number): Promise<void> {
  const label = page.getByTestId('run-phase')
  await expect
    .poll(() => label.getAttribute('data-phase'), {
      timeout: timeoutMs,
      interval: 100,
      message: `run phase ${phase}`,
    })
    .toBe(phase)
}

/** A member of the front; x and y are CSS pixels inside the chart. */
export interface FrontPoint {
  readonly id: string
  readonly genotypeId: string
  readonly x: number
  readonly y: number
}

/** Goes to Explore by the rail and waits until the front is drawn. */
export async function openFront(page: Page): Promise<readonly FrontPoint[]> {
  await page.getByTestId('nav-explore').click()
  await expect.poll(() => readFront(page), { timeout: 20_000 }).not.toHaveLength(0)
  await page.waitForTimeout(600) // the chart's own motion
  return await readFront(page)
}

/** Clicks a point in the chart, as a person does. @returns the genotype id that the inspector then shows. */
export async function clickFrontPoint(page: Page, point: FrontPoint): Promise<string> {
  await frontChart(page).click({ position: { x: point.x, y: point.y } })
  return await page.getByTestId('candidate-genotype-id').innerText()
}

async function readFront(page: Page): Promise<readonly FrontPoint[]> {
  const text = await frontChart(page).getAttribute('data-points')
  return JSON.parse(text ?? '[]') as readonly FrontPoint[]
}

const frontChart = (page: Page): Locator => page.getByTestId('front-chart').first()

async function readRunId(page: Page): Promise<string> {
  const label = page.getByTestId('run-id')
  await label.waitFor({ timeout: START_TIMEOUT_MS })
  return await label.innerText()
}
