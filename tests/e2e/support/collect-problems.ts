import type { BrowserContext } from 'playwright-core'

/** @returns a list that grows with the console errors and uncaught exceptions of all pages. */
export function collectProblems(context: BrowserContext): readonly string[] {
  const problems: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error') {
      problems.push(`${message.text()} (${message.location().url})`)
    }
  })
  context.on('weberror', (error) => problems.push(error.error().stack ?? error.error().message))
  return problems
}
