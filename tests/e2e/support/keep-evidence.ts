import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { onTestFailed } from 'vitest'

const folder = resolve(import.meta.dirname, '../../../test-results')

/** When the running test fails, what the page showed and what the processes printed is kept in test-results/. */
export function keepEvidence(name: string, page: Page, output: () => string): void {
  onTestFailed(async () => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `${name}.log`), output())
    await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })
  })
}
