import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import type { DoctorCheck, DoctorReport } from '../../contract/index.ts'
import { measureDisk, proveWritable } from '../../store/data-folder.ts'
import { readVersion } from '../../store/migrate.ts'
import { toEngineError } from '../../store/storage-error.ts'
import { describeCalibration } from '../calibration/describe-calibration.ts'
import { relearnLibraries } from '../calibration/known-libraries.ts'
import { isSameMachine, readMachine } from '../calibration/machine-facts.ts'
import type { EngineParts } from '../pipeline/run-context.ts'
import { describeUnnamed, listUnnamedRuns } from '../restore/restore-folders.ts'
import { describeBackends, tryBackends } from './doctor-backends.ts'
import { describeCards } from './doctor-cards.ts'
import { lookAround } from './gpu-check.ts'

/** A run of the smallest preset with its checkpoints and previews needs about this much. */
const LEAST_FREE_BYTES = 2 ** 30
/** The newest of them; a folder that lives long has one for each version and size of network. */
const MOST_CALIBRATIONS = 6
/** One worker with a native TensorFlow context. */
const LEAST_MEMORY_BYTES = 2 ** 30

/** Looks at everything a run needs, and starts a worker for each backend to see which really compute. */
export async function runDoctor(parts: EngineParts): Promise<DoctorReport> {
  const { store, codeVersion } = parts
  const tried = await tryBackends(parts.executor)
  // Who asks the doctor has changed something, or suspects it: later runs go by what was found now.
  relearnLibraries(store.settings, tried)
  const checks: readonly DoctorCheck[] = [
    {
      name: 'Runtime',
      status: 'passed',
      detail: `Node ${process.versions.node}, Node-API ${process.versions['napi'] ?? '?'}, ${process.platform} ${process.arch}, ${String(availableParallelism())} cores`,
      remedy: null,
    },
    checkMemory(),
    checkDatabase(parts),
    await checkDataFolder(store.paths.root),
    await checkDisk(store.paths.root),
    checkRunFolders(parts),
    ...describeBackends(tried),
    ...checkCalibrations(parts),
    checkElectron(),
    checkDisplay(process.env),
  ]
  const backends = describeCards(tried, lookAround())
  return { backends, checks, text: toText(codeVersion, checks) }
}

function checkMemory(): DoctorCheck {
  const isEnough = freemem() >= LEAST_MEMORY_BYTES
  return {
    name: 'Memory',
    status: isEnough ? 'passed' : 'warned',
    detail: `${gibibytes(freemem())} free of ${gibibytes(totalmem())}`,
    remedy: isEnough ? null : 'Close other programs, or use fewer search workers.',
  }
}

function checkDatabase({ store }: EngineParts): DoctorCheck {
  const name = 'Database'
  const client = store.db.$client
  const version = String(client.prepare('SELECT sqlite_version()').pluck().get())
  const answer = String(client.pragma('quick_check(1)', { simple: true }))
  const detail = `SQLite ${version}, schema ${String(readVersion(client))}, ${store.paths.database}: ${answer}`
  return answer === 'ok'
    ? { name, status: 'passed', detail, remedy: null }
    : { name, status: 'failed', detail, remedy: 'Stop the engine and run "scalenas restore".' }
}

async function checkDataFolder(root: string): Promise<DoctorCheck> {
  const name = 'Data folder'
  try {
    await proveWritable(root)
    return { name, status: 'passed', detail: `${root} can be written`, remedy: null }
  } catch (thrown) {
    const { message } = toEngineError(thrown)
    return {
      name,
      status: 'failed',
      detail: `${root}: ${message}`,
      remedy: 'Choose another with --data or SCALENAS_DATA.',
    }
  }
}

function checkRunFolders({ store }: EngineParts): DoctorCheck {
  const name = 'Run folders'
  const unnamed = describeUnnamed(listUnnamedRuns(store))
  return unnamed === null
    ? { name, status: 'passed', detail: 'the database names each of them', remedy: null }
    : {
        ...{ name, status: 'warned', detail: unnamed },
        remedy: 'Stop the engine and run "scalenas restore --folders".',
      }
}

async function checkDisk(root: string): Promise<DoctorCheck> {
  const { free, total } = await measureDisk(root)
  const isEnough = free >= LEAST_FREE_BYTES
  return {
    name: 'Disk',
    status: isEnough ? 'passed' : 'warned',
    detail: `${gibibytes(free)} free of ${gibibytes(total)}`,
    remedy: isEnough ? null : 'Delete runs that are no longer needed, or choose another data folder.',
  }
}

/** What earlier runs measured on this machine; a folder that came from another machine has the other's as well. */
function checkCalibrations({ store }: EngineParts): DoctorCheck[] {
  const name = 'Calibration'
  const machine = readMachine()
  const own = store.calibrations
    .listCompute()
    .filter((calibration) => isSameMachine(calibration.machine, machine))
  if (own.length === 0) {
    const detail = 'none yet: a run measures threads and workers at its start, once for each size of network'
    return [{ name, status: 'passed', detail, remedy: null }]
  }
  return own.slice(0, MOST_CALIBRATIONS).map((calibration) => {
    const isCrowded = calibration.load > calibration.machine.cores
    return {
      name,
      status: isCrowded ? 'warned' : 'passed',
      detail: describeCalibration(calibration),
      remedy: isCrowded
        ? 'Close other programs and run "scalenas doctor --calibrate", or let the next run of this size measure again.'
        : null,
    }
  })
}

function checkElectron(): DoctorCheck {
  const name = 'Electron'
  const override = process.env['ELECTRON_EXEC_PATH'] ?? process.env['ELECTRON_OVERRIDE_DIST_PATH']
  const binary = override ?? findElectronBinary()
  return binary === null
    ? {
        name,
        status: 'warned',
        detail: 'no Electron here; the same interface runs in a browser ("scalenas serve")',
        remedy: 'Run "npm run setup", which says why and how to get it.',
      }
    : { name, status: 'passed', detail: binary, remedy: null }
}

/** Where the electron package says its download is; it is not there before the first download. */
function findElectronBinary(): string | null {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'))
    const binary = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8').trim())
    return existsSync(binary) ? binary : null
  } catch {
    // Not installed, or never downloaded: both mean that there is none.
    return null
  }
}

function checkDisplay(env: Readonly<Record<string, string | undefined>>): DoctorCheck {
  const display = env['WAYLAND_DISPLAY'] ?? env['DISPLAY']
  const hasDisplay = process.platform !== 'linux' || (display !== undefined && display !== '')
  return {
    name: 'Display',
    status: hasDisplay ? 'passed' : 'warned',
    detail: hasDisplay ? (display ?? process.platform) : 'neither DISPLAY nor WAYLAND_DISPLAY is set',
    remedy: hasDisplay ? null : 'Use "scalenas serve" and a browser.',
  }
}

function toText(codeVersion: string, checks: readonly DoctorCheck[]): string {
  const lines = checks.map(({ name, status, detail, remedy }) => {
    const help = remedy === null ? '' : `\n          → ${remedy}`
    return `${status.padEnd(7)} ${name}: ${detail}${help}`
  })
  return [`ScaleNAS Studio ${codeVersion}`, ...lines].join('\n')
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
