import type { Migration } from '../migrate.ts'
import { migration0010 } from './0010-runs.ts'
import { migration0020 } from './0020-events.ts'
import { migration0030 } from './0030-search.ts'
import { migration0040 } from './0040-datasets.ts'
import { migration0050 } from './0050-bottom-up-task.ts'
import { migration0060 } from './0060-run-origin.ts'
import { migration0070 } from './0070-calibration.ts'
import { migration0080 } from './0080-backend-memory.ts'
import { migration0090 } from './0090-checkpoint-proofs.ts'
import { migration0120 } from './0120-picture-results.ts'
import { migration0130 } from './0130-references.ts'

/** In order; a released migration is never edited, a change is a new one. */
export const ALL_MIGRATIONS: readonly Migration[] = [
  migration0010,
  migration0020,
  migration0030,
  migration0040,
  migration0050,
  migration0060,
  migration0070,
  migration0080,
  migration0090,
  migration0120,
  migration0130,
]
