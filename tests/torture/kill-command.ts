import { mkdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { UniformSource } from '../../src-main/nas/random.ts'
import { readRunId, startCli } from '../support/run-cli.ts'
import type { StartedCli } from '../support/run-cli.ts'
import { findMarked, MARK, waitUntilGone } from './marked-processes.ts'
import type { MarkedProcess } from './marked-processes.ts'

/** Who is killed; `frozen`: the worker is stopped first, then the engine is killed. */
export const VICTIMS = ['worker', 'engine', 'both', 'frozen'] as const
export type Victim = (typeof VICTIMS)[number]

/** When: at a moment by chance, at the first word of a phase, or while a file is being written. */
export const MOMENTS = [
  'by chance',
  'prepare',
  'teacher',
  'supernet',
  'search',
  'report',
  'checkpoint write',
  'log write',
  'database write',
] as const
export type Moment = (typeof MOMENTS)[number]

/** Promised to users: what an engine leaves is gone by then. */
const GONE_MS = 3000
/** A command that takes longer hangs. */
const HANG_MS = 180_000
/** Between the start of a command and the end of its run on a quiet machine. */
const LONGEST_DELAY_MS = 9000

export interface KillOutcome {
  /** Null where the command ended before the moment came. */
  readonly killed: Victim | null
  readonly moment: Moment
  readonly code: number | null
  readonly runId: string | null
  readonly hangs: boolean
  /** Processes that were still there seconds after the kill. */
  readonly left: readonly MarkedProcess[]
  readonly stderr: string
}

/** Starts a command of the program, kills what it is told to at a moment, and waits until everything has gone. */
export async function killCommand(
  args: readonly string[],
  dataFolder: string,
  { mark, victim, moment, random }: { mark: string; victim: Victim; moment: Moment; random: UniformSource },
): Promise<KillOutcome> {
  const cli = startCli(args, { [MARK]: mark, SCALENAS_CALIBRATION: 'off' })
  const { child, done } = cli
  const hang = sleep(HANG_MS, null, { ref: false })
  const over = new AbortController()
  await Promise.race([waitForMoment(cli, moment, { dataFolder, random, signal: over.signal }), done, hang])
  over.abort()
  const killed = child.exitCode !== null || child.signalCode !== null ? null : await kill(mark, victim)
  const ended = await Promise.race([done, hang])
  const left = await waitUntilGone(mark, GONE_MS)
  for (const { pid } of left) {
    killPid(pid)
  }
  const { code, stderr } = ended ?? { code: null, stderr: '' }
  const runId = readRunId(stderr)
  return { killed, moment, code, runId, left, stderr, hangs: ended === null }
}

async function waitForMoment(
  cli: StartedCli,
  moment: Moment,
  { dataFolder, random, signal }: { dataFolder: string; random: UniformSource; signal: AbortSignal },
): Promise<void> {
  const wait = (milliseconds: number): Promise<void> =>
    sleep(milliseconds, undefined, { signal }).catch(() => undefined)

  switch (moment) {
    case 'by chance':
      await wait(random.next() * LONGEST_DELAY_MS)
      return
    case 'checkpoint write':
      await firstChange(join(dataFolder, 'runs'), /checkpoints.*\.tmp-/, signal)
      return
    case 'log write':
      await wait(random.next() * (LONGEST_DELAY_MS / 3))
      await firstChange(join(dataFolder, 'runs'), /logs/, signal)
      return
    case 'database write':
      await wait(random.next() * LONGEST_DELAY_MS)
      await firstChange(dataFolder, /^studio\.sqlite-wal$/, signal)
      return
    default:
      await cli.waitForStderr(new RegExp(`% ${moment}|${moment}:`)).catch(() => undefined)
      await wait(random.next() * 500)
  }
}

/** Resolves at the first write to a file of that name. */
function firstChange(folder: string, name: RegExp, signal: AbortSignal): Promise<void> {
  mkdirSync(folder, { recursive: true })
  return new Promise((resolve) => {
    const watcher = watch(folder, { recursive: true, signal }, (_kind, file) => {
      if (file !== null && name.test(file)) {
        watcher.close()
        resolve()
      }
    })
    watcher.on('error', () => {
      resolve()
    })
  })
}

async function kill(mark: string, victim: Victim): Promise<Victim | null> {
  const living = findMarked(mark)
  const engines = living.filter(({ kind }) => kind === 'engine')
  const workers = living.filter(({ kind }) => kind === 'worker')
  const targets = victim === 'worker' ? workers : victim === 'both' ? [...workers, ...engines] : engines
  if (victim === 'frozen') {
    workers.forEach(({ pid }) => killPid(pid, 'SIGSTOP'))
    await sleep(50)
  }
  targets.forEach(({ pid }) => killPid(pid))
  return targets.length === 0 ? null : victim
}

function killPid(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has gone by itself.
  }
}
