import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isFind } from './fuzz-case.ts'
import type { FuzzMessage, FuzzPart } from './fuzz-case.ts'
import { FAULT_READERS } from './fuzz-faults.ts'
import { FUZZ_READERS } from './fuzz-readers.ts'
import type { FuzzReader } from './fuzz-reader.ts'
import { countCase, emptyRow, formatRows } from './fuzz-report.ts'
import type { FuzzRow } from './fuzz-report.ts'
import { watchParts } from './fuzz-watch.ts'

/**
 * Hands damaged files to every reader of the program. Each file follows from seed, reader and number, so a find can be made again:
 * `node tests/torture/fuzz.ts --files 100000 --seed 1`; `--only READER --from N --files 1` makes one file again.
 */

export type { FuzzRow }

export interface FuzzOptions {
  /** All readers together. */
  readonly files: number
  readonly seed: number
  /** Ends earlier, each reader after its share. */
  readonly minutes?: number
  /** Names of readers; default all. */
  readonly only?: readonly string[]
  /** Number of the first case of each reader; default 0. */
  readonly from?: number
  /** Processes side by side; default 1. */
  readonly jobs?: number
  /** A case that took so much of the processor without an end hangs; default 15 s. */
  readonly hangCpuMs?: number
  /** Keeps the files of finds. */
  readonly findFolder?: string
  readonly report: (line: string) => void
}

export interface FuzzFind {
  readonly reader: string
  readonly number: number
  readonly detail: string
}

export interface FuzzResult {
  readonly rows: readonly FuzzRow[]
  readonly finds: readonly FuzzFind[]
}

const HANG_CPU_MS = 15_000

export async function runFuzz(options: FuzzOptions): Promise<FuzzResult> {
  const {
    files,
    seed,
    minutes,
    only,
    from = 0,
    jobs = 1,
    hangCpuMs = HANG_CPU_MS,
    findFolder,
    report,
  } = options
  const readers =
    only === undefined
      ? FUZZ_READERS
      : [...FUZZ_READERS, ...FAULT_READERS].filter(({ name }) => only.includes(name))
  const total = readers.reduce((sum, { weight }) => sum + weight, 0)
  const rows = new Map(readers.map(({ name }) => [name, emptyRow(name)]))
  const finds: FuzzFind[] = []
  const take = (message: FuzzMessage): void => {
    const row = rows.get(message.reader)
    if (message.kind === 'measured' && row !== undefined) {
      countCase(row, message)
      if (isFind(message)) {
        const { reader, number, outcome, cpuMs, grownMb, detail } = message
        finds.push({
          reader,
          number,
          detail: `${outcome}, ${cpuMs.toFixed(0)} ms, ${grownMb.toFixed(0)} MB ${detail}`,
        })
        report(`find: ${reader} ${String(number)} of seed ${String(seed)}: ${finds.at(-1)?.detail ?? ''}`)
      }
    }
  }
  const lanes = Array.from({ length: jobs }, (_, lane) =>
    readers.filter((_reader, index) => index % jobs === lane),
  )
  await Promise.all(
    lanes.map((lane) => {
      const isOver = startClock(lane, minutes)
      const parts = lane.map(({ name, weight }): FuzzPart => {
        return { reader: name, from, to: from + Math.ceil((files * weight) / total) }
      })
      return watchParts(
        { seed, parts, findFolder: findFolder ?? null },
        {
          hangCpuMs,
          isOver,
          onMessage: take,
          onDeath: ({ kind, reader, number, detail }) => {
            const row = rows.get(reader)
            if (row !== undefined) {
              row.files += 1
              row[kind === 'hang' ? 'hangs' : 'crashes'] += 1
            }
            finds.push({ reader, number, detail: `${kind}: ${detail}` })
            report(`find: ${reader} ${String(number)} of seed ${String(seed)}: ${kind}: ${detail}`)
          },
        },
      )
    }),
  )
  return { rows: [...rows.values()], finds }
}

/** Each reader may go on until its share of the time is over; what one leaves goes to those after it. */
function startClock(lane: readonly FuzzReader[], minutes: number | undefined): (reader: string) => boolean {
  const end = minutes === undefined ? Infinity : performance.now() + minutes * 60_000
  const deadlines = new Map<string, number>()
  return (reader) => {
    const known = deadlines.get(reader)
    if (known !== undefined) {
      return performance.now() > known
    }
    const index = lane.findIndex(({ name }) => name === reader)
    const left = lane.slice(index).reduce((sum, { weight }) => sum + weight, 0)
    const now = performance.now()
    deadlines.set(reader, now + ((end - now) * (lane[index]?.weight ?? 1)) / left)
    return now > end
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      files: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      only: { type: 'string', multiple: true },
      from: { type: 'string', default: '0' },
      jobs: { type: 'string', default: '1' },
      finds: { type: 'string' },
    },
  })
  if (values.finds !== undefined) {
    mkdirSync(values.finds, { recursive: true })
  }
  const result = await runFuzz({
    ...{
      files: Number(values.files),
      seed: Number(values.seed),
      from: Number(values.from),
      jobs: Number(values.jobs),
    },
    ...(values.minutes !== undefined && { minutes: Number(values.minutes) }),
    ...(values.only !== undefined && { only: values.only }),
    ...(values.finds !== undefined && { findFolder: values.finds }),
    report: console.log,
  })
  console.log(formatRows(result.rows))
  process.exitCode = result.finds.length === 0 ? 0 : 1
}
