import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { createRandom } from '../../src-main/nas/random.ts'
import { isRefusal } from './fuzz-reader.ts'
import type { FuzzInput, PreparedReader } from './fuzz-reader.ts'

/** What became of one damaged file. */
export type FuzzOutcome = 'accepted' | 'refused' | 'raw' | 'damaged' | 'polluted'

export interface FuzzMeasure {
  readonly outcome: FuzzOutcome
  /** Of the processor, all threads: a busy machine takes longer, not more. */
  readonly cpuMs: number
  /** Beyond what the process had before. */
  readonly grownMb: number
  readonly detail: string
}

/** Cases `from` to `to` - 1 of a reader. */
export interface FuzzPart {
  readonly reader: string
  readonly from: number
  readonly to: number
}
export interface FuzzOrder {
  readonly seed: number
  readonly parts: readonly FuzzPart[]
  /** Where finds are kept; null nowhere. */
  readonly findFolder: string | null
}
export type FuzzMessage =
  | { readonly kind: 'started'; readonly reader: string; readonly number: number }
  | (FuzzMeasure & { readonly kind: 'measured'; readonly reader: string; readonly number: number })

/** Of the issue: no file takes longer or more. */
export const SLOW_MS = 1000
export const LARGE_MB = 300

export function isFind({ outcome, cpuMs, grownMb }: FuzzMeasure): boolean {
  return (outcome !== 'accepted' && outcome !== 'refused') || cpuMs > SLOW_MS || grownMb > LARGE_MB
}

/** The file of a number: seed, reader and number say everything about it. */
export function inputOf(prepared: PreparedReader, seed: number, name: string, number: number): FuzzInput {
  return prepared.damage(createRandom(seed, name, number))
}

/** Reads the sound files once; each must be accepted. @returns What they consist of. */
export async function readSound(prepared: PreparedReader): Promise<ReadonlySet<string>> {
  const parts: string[] = []
  for (const bytes of prepared.sound) {
    parts.push(...(await prepared.read(bytes)))
  }
  return new Set(parts)
}

export async function measureCase(
  prepared: PreparedReader,
  input: FuzzInput,
  sound: ReadonlySet<string>,
): Promise<FuzzMeasure> {
  const peak = startPeak()
  const before = process.cpuUsage()
  let outcome: FuzzOutcome
  let detail = ''
  try {
    const parts = await prepared.read(input.bytes)
    const isDamaged =
      prepared.hasChecksums === true && !input.isSealed && parts.some((part) => !sound.has(part))
    outcome = isDamaged ? 'damaged' : 'accepted'
  } catch (thrown) {
    outcome = isRefusal(thrown, prepared) ? 'refused' : 'raw'
    detail = outcome === 'raw' ? describe(thrown) : ''
  }
  const { user, system } = process.cpuUsage(before)
  const polluted = describePollution()
  return {
    outcome: polluted === '' ? outcome : 'polluted',
    ...{ cpuMs: (user + system) / 1000, grownMb: peak(), detail: detail === '' ? polluted : detail },
  }
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message).slice(0, 600) : String(thrown)
}

let knownNames = countNames()

function countNames(): string {
  return [Object.prototype, Array.prototype, Function.prototype, String.prototype]
    .map((prototype) => Reflect.ownKeys(prototype).length)
    .join()
}

/** Objects of everybody that this file has changed. */
function describePollution(): string {
  const before = knownNames
  knownNames = countNames()
  return knownNames === before ? '' : `prototypes have ${knownNames} names instead of ${before}`
}

const MEBIBYTE = 2 ** 20

/** How far memory rises from now on, its short peaks too where Linux tells them. */
function startPeak(): () => number {
  const before = process.memoryUsage.rss()
  const isTold = resetPeak()
  return () => Math.max(0, ((isTold ? readPeak() : process.memoryUsage.rss()) - before) / MEBIBYTE)
}

function resetPeak(): boolean {
  try {
    const file = openSync('/proc/self/clear_refs', 'w')
    writeSync(file, '5')
    closeSync(file)
    return true
  } catch {
    return false // another system, or a container that does not allow it
  }
}

function readPeak(): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return Number(kibibytes ?? 0) * 1024
}
