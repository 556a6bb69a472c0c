import type { Migration } from '../migrate.ts'

/** What the backend held for tensors at each iteration (null: it does not tell, or a run of before this was kept). */
export const migration0080: Migration = {
  version: 80,
  sql: 'ALTER TABLE metrics ADD COLUMN backend_bytes INTEGER;',
}
