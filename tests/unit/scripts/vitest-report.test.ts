import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readVitestReport } from '../../../scripts/setup/vitest-report.mjs'

const folder = mkdtempSync(join(tmpdir(), 'scalenas-report-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function writeReport(testResults: readonly object[]): string {
  const file = join(folder, 'report.json')
  writeFileSync(file, JSON.stringify({ testResults }))
  return file
}

const test = (status: string, fullName: string) => ({ status, fullName })

describe('readVitestReport', () => {
  it('counts passed tests and names failed and skipped ones', () => {
    const assertionResults = [
      test('passed', 'a'),
      test('failed', 'b'),
      test('skipped', 'c'),
      test('todo', 'd'),
      test('passed', 'e'),
    ]
    const file = writeReport([{ status: 'failed', name: '/x.test.ts', message: '', assertionResults }])
    expect(readVitestReport(file, 1)).toEqual({ passed: 2, failed: ['b'], skipped: ['c', 'd'] })
  })

  it('a file that did not load counts as failed', () => {
    const file = writeReport([
      { status: 'failed', name: '/x.test.ts', message: 'SyntaxError: bad\n at y', assertionResults: [] },
    ])
    expect(readVitestReport(file, 1).failed).toEqual(['/x.test.ts: SyntaxError: bad'])
  })

  it('an error outside of tests counts as failed', () => {
    const file = writeReport([
      { status: 'passed', name: '/x.test.ts', message: '', assertionResults: [test('passed', 'a')] },
    ])
    expect(readVitestReport(file, 1).failed).toEqual(['an error outside of tests, exit code 1'])
    expect(readVitestReport(file, 0).failed).toEqual([])
  })

  it('a run without a report counts as failed', () => {
    expect(readVitestReport(join(folder, 'none.json'), 124).failed).toEqual([
      'no report was written, exit code 124',
    ])
  })
})
