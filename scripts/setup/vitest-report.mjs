// Reads what vitest's JSON reporter wrote. Node built-ins only.
import { existsSync, readFileSync } from 'node:fs'

/** @typedef {{ passed: number, failed: readonly string[], skipped: readonly string[] }} TestCounts names of failed and skipped tests */

/**
 * @param {string} file
 * @param {number} exitCode - of vitest: not 0 although no test failed means an error outside of tests, which must count
 * @returns {TestCounts}
 */
export function readVitestReport(file, exitCode) {
  if (!existsSync(file)) {
    return { passed: 0, failed: [`no report was written, exit code ${exitCode}`], skipped: [] }
  }
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'))
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const named = (...statuses) =>
    tests.filter(({ status }) => statuses.includes(status)).map(({ fullName }) => fullName)
  const failed = [...named('failed'), ...filesThatDidNotLoad(testResults)]
  const hasOtherError = exitCode !== 0 && failed.length === 0
  return {
    passed: named('passed').length,
    failed: hasOtherError ? [`an error outside of tests, exit code ${exitCode}`] : failed,
    skipped: named('skipped', 'pending', 'todo', 'disabled'),
  }
}

const filesThatDidNotLoad = (testResults) =>
  testResults
    .filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    )
    .map(({ name, message }) => `${name}: ${message.split('\n')[0]}`)
