import type { Migration } from '../migrate.ts'

/**
 * Runs may be bottom-up pose. SQLite cannot change a CHECK, and replacing the table would take the rows of others along; so a column
 * with the new CHECK takes the old one's place.
 */
export const migration0050: Migration = {
  version: 50,
  sql: `
    ALTER TABLE runs ADD COLUMN task_kind TEXT NOT NULL DEFAULT 'pose'
      CHECK (task_kind IN ('pose', 'segmentation', 'bottom-up-pose'));
    UPDATE runs SET task_kind = task;
    ALTER TABLE runs DROP COLUMN task;
    ALTER TABLE runs RENAME COLUMN task_kind TO task;
  `,
}
