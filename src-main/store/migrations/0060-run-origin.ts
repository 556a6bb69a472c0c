import type { Migration } from '../migrate.ts'

/**
 * What the user set when a run was started (null: a run of before this was kept), and where the scores of an imported run come from
 * (null: a run of ours).
 */
export const migration0060: Migration = {
  version: 60,
  sql: `
    ALTER TABLE runs ADD COLUMN overrides TEXT;
    ALTER TABLE runs ADD COLUMN imported TEXT;
  `,
}
