import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { createRandom } from '../../src-main/nas/random.ts'
import type { Random } from '../../src-main/nas/random.ts'
import { readRunId, runCli, startCli } from '../support/run-cli.ts'
import { canMountSmallDisk, keepDiskFull, mountSmallDisk } from '../support/small-disk.ts'
import { fingerprintRun } from './fingerprint-run.ts'
import type { RunFingerprint } from './fingerprint-run.ts'
import { tortureResumeArgs, tortureRunArgs } from './torture-run.ts'

export interface FullDiskTable {
  readonly rounds: number
  readonly equalRuns: number
  readonly finds: readonly string[]
  /** Why nothing was tried; null where it was. */
  readonly skipped: string | null
}

const DISK_MEGABYTES = 32
/** From Ctrl+C to the end of the command. */
const END_MS = 30_000
const PHASES = ['prepare', 'teacher', 'supernet', 'search'] as const

/** Fills the disk under a run in one phase after another, ends the run with Ctrl+C, makes room, resumes, and compares. */
export async function tortureFullDisk(options: {
  readonly rounds: number
  readonly seed: number
  readonly report: (line: string) => void
}): Promise<FullDiskTable> {
  if (!canMountSmallDisk()) {
    return { rounds: 0, equalRuns: 0, finds: [], skipped: 'a disk of its own needs root on Linux' }
  }
  const random = createRandom(options.seed, 'full-disk')
  const folder = mkdtempSync(join(tmpdir(), 'scalenas-full-'))
  const unmount = mountSmallDisk(folder, DISK_MEGABYTES)
  const finds: string[] = []
  let equalRuns = 0
  try {
    const expected = await runWhole(join(folder, 'expected'))
    for (let round = 0; round < options.rounds; round += 1) {
      const phase = PHASES[round % PHASES.length] ?? 'search'
      const find = await fillUnderRun(folder, { phase, expected, random, round })
      options.report(`disk filled in ${phase}: ${find ?? 'equal'}`)
      equalRuns += find === null ? 1 : 0
      finds.push(...(find === null ? [] : [`full disk in ${phase}: ${find}`]))
    }
  } finally {
    unmount()
    rmSync(folder, { recursive: true, force: true })
  }
  return { rounds: options.rounds, equalRuns, finds, skipped: null }
}

async function runWhole(data: string): Promise<RunFingerprint> {
  mkdirSync(data)
  const { code, stderr } = await runCli(tortureRunArgs(data), { SCALENAS_CALIBRATION: 'off' })
  const fingerprint = fingerprintRun(data, readRunId(stderr) ?? '')
  rmSync(data, { recursive: true })
  if (code !== 0) {
    throw new Error(`the undisturbed run ended with ${String(code)}:\n${stderr}`)
  }
  return fingerprint
}

interface Round {
  readonly phase: (typeof PHASES)[number]
  readonly expected: RunFingerprint
  readonly random: Random
  readonly round: number
}

/** @returns what is not as promised, or null. */
async function fillUnderRun(
  folder: string,
  { phase, expected, random, round }: Round,
): Promise<string | null> {
  const data = join(folder, `data-${String(round)}`)
  mkdirSync(data)
  const filler = join(folder, 'filler')
  const running = startCli(tortureRunArgs(data), { SCALENAS_CALIBRATION: 'off' })
  await running.waitForStderr(new RegExp(`% ${phase}|${phase}:`))
  const filling = keepDiskFull(filler, { leftBytes: random.next() < 0.5 ? 0 : 128 * 1024 })
  await Promise.race([running.done, sleep(3000 + random.next() * 5000, null, { ref: false })])
  running.child.kill('SIGINT')
  const ended = await Promise.race([running.done, sleep(END_MS, null, { ref: false })])
  filling.stop()
  rmSync(filler)
  if (ended === null) {
    running.child.kill('SIGKILL')
    return `the command did not end within ${String(END_MS / 1000)} s of Ctrl+C`
  }
  const runId = readRunId(ended.stderr) ?? ''
  if (ended.code !== 0) {
    const resumed = await runCli(tortureResumeArgs(runId, data), { SCALENAS_CALIBRATION: 'off' })
    if (resumed.code !== 0) {
      return `the resume ended with ${String(resumed.code)}: ${resumed.stderr.slice(-1000)}`
    }
  }
  const isEqual = isDeepStrictEqual(fingerprintRun(data, runId), expected)
  rmSync(data, { recursive: true })
  return isEqual ? null : 'the resumed run differs from the undisturbed one'
}
