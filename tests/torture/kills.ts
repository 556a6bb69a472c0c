import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { createRandom } from '../../src-main/nas/random.ts'
import type { Random, UniformSource } from '../../src-main/nas/random.ts'
import { readRunId, runCli } from '../support/run-cli.ts'
import { DAMAGES, damageNewest } from './damage.ts'
import { checkIntegrity, fingerprintRun, readRunState } from './fingerprint-run.ts'
import type { RunFingerprint } from './fingerprint-run.ts'
import { killCommand, MOMENTS, VICTIMS } from './kill-command.ts'
import type { KillOutcome } from './kill-command.ts'
import { tortureResumeArgs, tortureRunArgs } from './torture-run.ts'

export interface KillOptions {
  readonly seed: number
  /** Ends with the first run that is complete after so many kills. */
  readonly kills: number
  /** Checkpoints that are damaged between a kill and the resume, at most. */
  readonly damages: number
  /** No new run is started after this. */
  readonly deadlineMs: number
  readonly report: (line: string) => void
}

export interface KillTable {
  kills: number
  damages: number
  runs: number
  equalRuns: number
  hangs: number
  leftProcesses: number
  leftFiles: number
  readonly byPhase: Record<string, number>
  readonly byVictim: Record<string, number>
  readonly byMoment: Record<string, number>
  readonly byDamage: Record<string, number>
  /** Paths of optimizer files that were damaged. */
  readonly spent: Set<string>
  /** Sentences about everything that is not as promised. */
  readonly finds: string[]
}

/** A run that is killed this often is left alone, so that it comes to its end. */
const KILLS_A_RUN = 6

/** Kills runs at random moments, damages their checkpoints, resumes them, and compares what comes out with the undisturbed run. */
export async function tortureRuns(options: KillOptions): Promise<KillTable> {
  const { seed, kills, deadlineMs, report } = options
  const random = createRandom(seed, 'torture')
  const table: KillTable = {
    ...{ kills: 0, damages: 0, runs: 0, equalRuns: 0, hangs: 0, leftProcesses: 0, leftFiles: 0 },
    ...{ byPhase: {}, byVictim: {}, byMoment: {}, byDamage: {}, finds: [], spent: new Set() },
  }
  const folder = mkdtempSync(join(tmpdir(), 'scalenas-torture-'))
  try {
    const expected = await runUndisturbed(folder)
    report(`undisturbed run: ${String(expected.candidates.length)} candidates`)
    while (table.kills < kills && performance.now() < deadlineMs) {
      await tortureOneRun(folder, expected, table, { ...options, random })
    }
    table.finds.push(...checkIntegrity(folder).map((line) => `integrity: ${line}`))
    countLeftFiles(folder, table)
  } finally {
    if (table.finds.length === 0) {
      rmSync(folder, { recursive: true, force: true })
    } else {
      report(`the data folder stays: ${folder}`)
    }
  }
  return table
}

async function runUndisturbed(folder: string): Promise<RunFingerprint> {
  const { code, stderr } = await runCli(tortureRunArgs(folder), { SCALENAS_CALIBRATION: 'off' })
  const runId = readRunId(stderr)
  if (code !== 0 || runId === null) {
    throw new Error(`the undisturbed run ended with ${String(code)}:\n${stderr}`)
  }
  return fingerprintRun(folder, runId)
}

async function tortureOneRun(
  folder: string,
  expected: RunFingerprint,
  table: KillTable,
  options: KillOptions & { readonly random: Random },
): Promise<void> {
  const { random, report } = options
  let runId: string | null = null
  for (let round = 0; ; round += 1) {
    const args = runId === null ? tortureRunArgs(folder) : tortureResumeArgs(runId, folder)
    const isLast = round >= KILLS_A_RUN || table.kills >= options.kills
    const outcome = await killCommand(args, folder, {
      mark: `${String(options.seed)}-${String(table.runs)}-${String(round)}`,
      victim: pick(VICTIMS, random),
      moment: isLast ? 'by chance' : pick(MOMENTS, random),
      random: isLast ? NEVER : random,
    })
    runId ??= outcome.runId
    const { phase, status } =
      runId === null ? { phase: 'before', status: 'absent' } : readRunState(folder, runId)
    recordOutcome(table, outcome, phase)
    if (outcome.hangs || (outcome.killed === null && outcome.code !== 0)) {
      table.finds.push(
        `run ${String(runId)}, round ${String(round)}: ended with ${String(outcome.code)}: ${outcome.stderr.slice(-2000)}`,
      )
      return
    }
    // A kill may come between the last write of a run and the end of its command.
    if (outcome.killed === null || status === 'completed') {
      break
    }
    report(`${String(table.kills)} kills: ${outcome.killed} in ${phase} at ${outcome.moment}`)
    if (runId !== null) {
      damageSometimes(join(folder, 'runs', runId, 'checkpoints'), table, options)
    }
  }
  compare(folder, runId, expected, table)
}

/** Draws that no moment comes from before the command ends. */
const NEVER: UniformSource = { next: () => Number.MAX_SAFE_INTEGER / 1e12 }

function recordOutcome(table: KillTable, { killed, moment, left, hangs }: KillOutcome, phase: string): void {
  if (killed !== null) {
    table.kills += 1
    count(table.byPhase, phase)
    count(table.byVictim, killed)
    count(table.byMoment, moment)
  }
  table.hangs += hangs ? 1 : 0
  table.leftProcesses += left.length
  for (const { kind, pid } of left) {
    table.finds.push(`a ${kind} (${String(pid)}) was left by a kill of ${String(killed)} at ${moment}`)
  }
}

function damageSometimes(
  checkpoints: string,
  table: KillTable,
  { random, damages, report }: KillOptions & { readonly random: Random },
): void {
  if (table.damages >= damages || random.next() < 0.6) {
    return
  }
  const damage = DAMAGES[table.damages % DAMAGES.length] ?? 'no weights'
  const file = damageNewest(checkpoints, damage, random)
  if (file !== null) {
    table.damages += 1
    count(table.byDamage, damage)
    if (damage.includes('optimizer')) {
      table.spent.add(`${file}.optimizer.safetensors`)
    }
    report(`damaged (${damage}): ${file}`)
  }
}

function compare(folder: string, runId: string | null, expected: RunFingerprint, table: KillTable): void {
  table.runs += 1
  if (runId === null) {
    table.finds.push('a command completed without naming its run')
    return
  }
  const found = withoutSpent(fingerprintRun(folder, runId), expected, (name) =>
    table.spent.has(join(folder, 'runs', runId, 'checkpoints', name)),
  )
  if (isDeepStrictEqual(found, expected)) {
    table.equalRuns += 1
    return
  }
  const parts = (['status', 'candidates', 'reports', 'pictures', 'generations', 'files'] as const).filter(
    (part) => !isDeepStrictEqual(found[part], expected[part]),
  )
  table.finds.push(`run ${runId} differs from the undisturbed one in ${parts.join(', ')}`)
}

/**
 * The optimizer of a finished phase is read by nobody any more, so damage of it is never found. Such a file, and no other, may still
 * be damaged or gone at the end.
 */
function withoutSpent(
  found: RunFingerprint,
  expected: RunFingerprint,
  isSpent: (name: string) => boolean,
): RunFingerprint {
  const wasSpent = (name: string): boolean => isSpent(name) && name in expected.files
  const files = [
    ...Object.entries(found.files).filter(([name]) => !wasSpent(name)),
    ...Object.entries(expected.files).filter(([name]) => wasSpent(name)),
  ]
  return { ...found, files: Object.fromEntries(files) }
}

/** Names that only a write in progress may have; the last engine has swept what the killed ones left. */
function countLeftFiles(folder: string, table: KillTable): void {
  const left = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => /\.tmp-\d+$|\.probe-|\.part$|engine\.lock\./.test(name))
  table.leftFiles = left.length
  table.finds.push(...left.map((name) => `left behind: ${name}`))
  if (existsSync(join(folder, 'engine.lock.json'))) {
    table.finds.push('the lock file outlived its engine')
  }
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

function pick<T>(values: readonly T[], random: Random): T {
  const value = values[Math.floor(random.next() * values.length)]
  if (value === undefined) {
    throw new RangeError('nothing to pick from')
  }
  return value
}
