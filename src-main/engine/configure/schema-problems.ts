import type { z } from 'zod'
import { showValue } from '../../files/show-value.ts'

/** One line per refused field: its dotted path and what is allowed. */
export function listProblems(error: z.ZodError, given?: unknown): string[] {
  return error.issues.map((issue) => {
    const path = issue.path.map(String)
    const value = given === undefined ? undefined : valueAt(given, path)
    const got = value === undefined ? '' : ` (got ${showValue(value)})`
    return `${path.join('.') || 'the whole'}: ${issue.message}${got}`
  })
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let current = value
  for (const key of path) {
    if (typeof current !== 'object' || current === null) {
      return undefined
    }
    current = (current as Record<string, unknown>)[key]
  }
  return current
}
