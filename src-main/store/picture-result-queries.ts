import { deflateSync, inflateSync } from 'node:zlib'
import { and, eq } from 'drizzle-orm'
import { EngineError, unpackPictureResults } from '../contract/index.ts'
import type { PictureResults } from '../contract/index.ts'
import type { StudioDatabase } from './open-database.ts'
import { pictureResults } from './schema.ts'

export interface PictureResultKey {
  readonly runId: string
  readonly candidateId: string
  readonly split: 'search' | 'report'
}

export interface PictureResultQueries {
  /** Of a score of the same moment: the caller wraps both in a transaction. Replaces what was there. */
  insert(key: PictureResultKey, packed: Uint8Array): void
  /** Null where none was kept. @throws EngineError STORAGE where the bytes are damaged. */
  find(key: PictureResultKey): PictureResults | null
  /** All of a run, as they are stored. */
  listStored(runId: string): StoredPictureResults[]
  /** As {@link insert}, of bytes that `listStored` gave, maybe of another database. @throws EngineError STORAGE where they are damaged. */
  insertStored(runId: string, stored: StoredPictureResults): void
}

export interface StoredPictureResults extends Omit<PictureResultKey, 'runId'> {
  /** Deflated. */
  readonly data: Uint8Array
}

/** What is handed in may claim to become anything. */
const MOST_UNPACKED_BYTES = 256 * 2 ** 20

/** Half as long as the default level, and some percent larger. */
const FAST = { level: 3 }

export function createPictureResultQueries(db: StudioDatabase): PictureResultQueries {
  const { runId, candidateId, split, kind, data } = pictureResults
  return {
    insert(key, packed) {
      const row = { kind: kindOf(packed), data: deflateSync(packed, FAST) }
      db.insert(pictureResults)
        .values({ ...key, ...row })
        .onConflictDoUpdate({ target: [runId, candidateId, split], set: row })
        .run()
    },
    listStored: (id) =>
      db.select({ candidateId, split, data }).from(pictureResults).where(eq(runId, id)).all(),
    insertStored(id, stored) {
      const kind = kindOf(inflate(stored.data, stored))
      db.insert(pictureResults)
        .values({
          runId: id,
          kind,
          candidateId: stored.candidateId,
          split: stored.split,
          data: Buffer.from(stored.data),
        })
        .run()
    },
    find(key) {
      const row = db
        .select({ kind, data })
        .from(pictureResults)
        .where(and(eq(runId, key.runId), eq(candidateId, key.candidateId), eq(split, key.split)))
        .get()
      return row === undefined ? null : unpackPictureResults(inflate(row.data, key))
    },
  }
}

function kindOf(packed: Uint8Array): PictureResults['kind'] {
  return unpackPictureResults(packed).kind
}

function inflate(data: Uint8Array, { candidateId, split }: Omit<PictureResultKey, 'runId'>): Uint8Array {
  try {
    return inflateSync(data, { maxOutputLength: MOST_UNPACKED_BYTES })
  } catch {
    // zlib's message says nothing that a person could use.
    throw new EngineError(
      'STORAGE',
      `The results by picture of ${candidateId} on the ${split} split are damaged.`,
    )
  }
}
