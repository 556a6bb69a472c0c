import { sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { DAMAGED_ROW, EngineError, toErrorInfo } from '../contract/index.ts'
import { runs } from './schema.ts'

/**
 * Whether the parts of a row that are JSON can be read, and its configuration is one. SQLite checks them in the query, so that a list of
 * runs does not fail for one of them.
 */
export const IS_WHOLE = sql<number>`(CASE WHEN json_valid(${runs}.config) THEN json_type(${runs}.config, '$.task') IS 'text' ELSE 0 END
  AND ${sql.join(
    ['error', 'overrides', 'imported', 'environment', 'compute_plan', 'prepared'].map(
      (column) => sql`ifnull(json_valid(${runs}.${sql.identifier(column)}), 1)`,
    ),
    sql` AND `,
  )})`

/** The error of such a row as JSON, for the place of the one that cannot be read. */
export function damagedInfo(): SQL {
  const { code, message, details } = toErrorInfo(damagedRow('?'))
  const [before, after] = message.split('?')
  return sql`json_object('code', ${code}, 'message', ${before} || ${runs}.id || ${after}, 'details', json(${JSON.stringify(details)}))`
}

export function damagedRow(id: string): EngineError {
  return new EngineError('STORAGE', `The row of run ${id} in the database is damaged.`, [DAMAGED_ROW])
}
