/** Types of vitest-report.mjs for its test. */
export interface TestCounts {
  readonly passed: number
  readonly failed: readonly string[]
  readonly skipped: readonly string[]
}
export function readVitestReport(file: string, exitCode: number): TestCounts
