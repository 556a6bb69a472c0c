import { and, asc, desc, eq, gt, inArray, max } from 'drizzle-orm'
import type { LogLine } from '../contract/index.ts'
import type { StudioDatabase } from './open-database.ts'
import { events } from './schema.ts'

/** An event as stored. Bodies of curves and candidates name rows of other tables, they do not repeat them. */
export interface StoredEvent {
  readonly seq: number
  readonly runId: string
  readonly at: number
  readonly kind: string
  readonly body: unknown
}

export interface EventPage {
  /** Null: all runs. */
  readonly runId: string | null
  /** Null: all kinds. */
  readonly kinds: readonly string[] | null
  readonly afterSeq: number
  readonly limit: number
}

export interface EventQueries {
  /** @returns the sequence number. */
  insert(runId: string, at: number, kind: string, body: unknown): number
  /** Only the newest event of this kind says anything; the older ones of the run go. */
  insertReplacing(runId: string, at: number, kind: string, body: unknown): number
  page(page: EventPage): StoredEvent[]
  lastSeq(): number
  /** The last lines, oldest first. */
  log(runId: string, limit: number): LogLine[]
}

export function createEventQueries(db: StudioDatabase): EventQueries {
  const insert = (runId: string, at: number, kind: string, body: unknown): number =>
    Number(db.insert(events).values({ runId, at, kind, body }).run().lastInsertRowid)
  return {
    insert,
    insertReplacing(runId, at, kind, body) {
      db.delete(events)
        .where(and(eq(events.runId, runId), eq(events.kind, kind)))
        .run()
      return insert(runId, at, kind, body)
    },
    page: ({ runId, kinds, afterSeq, limit }) =>
      db
        .select()
        .from(events)
        .where(
          and(
            gt(events.seq, afterSeq),
            runId === null ? undefined : eq(events.runId, runId),
            kinds === null ? undefined : inArray(events.kind, [...kinds]),
          ),
        )
        .orderBy(asc(events.seq))
        .limit(limit)
        .all(),
    lastSeq: () =>
      db
        .select({ seq: max(events.seq) })
        .from(events)
        .get()?.seq ?? 0,
    log: (runId, limit) =>
      db
        .select({ at: events.at, body: events.body })
        .from(events)
        .where(and(eq(events.runId, runId), eq(events.kind, 'logged')))
        .orderBy(desc(events.seq))
        .limit(limit)
        .all()
        .map(toLogLine)
        .toReversed(),
  }
}

function toLogLine(row: { readonly at: number; readonly body: unknown }): LogLine {
  const body = row.body as Pick<LogLine, 'level' | 'message'>
  return { at: row.at, level: body.level, message: body.message }
}
