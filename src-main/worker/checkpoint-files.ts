import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { EngineError } from '../contract/index.ts'

type Phase = 'teacher' | 'supernet'

/** A checkpoint is two files; the weights file is written last, so its presence makes the pair complete. */
export interface CheckpointFile {
  readonly phase: Phase
  readonly iteration: number
  readonly weightsFile: string
  readonly optimizerFile: string
}

const ITERATION_DIGITS = 8

export function checkpointFile(runFolder: string, phase: Phase, iteration: number): CheckpointFile {
  const base = join(runFolder, 'checkpoints', `${phase}-${String(iteration).padStart(ITERATION_DIGITS, '0')}`)
  return {
    phase,
    iteration,
    weightsFile: `${base}.safetensors`,
    optimizerFile: `${base}.optimizer.safetensors`,
  }
}

/** Complete checkpoints of a phase, newest first. */
export function listCheckpoints(runFolder: string, phase: Phase): readonly CheckpointFile[] {
  const folder = join(runFolder, 'checkpoints')
  if (!existsSync(folder)) {
    return []
  }
  const pattern = new RegExp(`^${phase}-(\\d{${ITERATION_DIGITS}})\\.safetensors$`)
  return readdirSync(folder)
    .flatMap((name) => {
      const match = pattern.exec(name)
      return match === null ? [] : [checkpointFile(runFolder, phase, Number(match[1]))]
    })
    .toSorted((a, b) => b.iteration - a.iteration)
}

export function readCheckpoint(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (thrown) {
    throw new EngineError('STORAGE', `Cannot read the checkpoint ${basename(file)}: ${reasonOf(thrown)}`)
  }
}

/** Writes both files, each to a temporary name, synced and renamed. @throws EngineError STORAGE (disk full, not writable). */
export async function writeCheckpoint(
  file: CheckpointFile,
  weights: Uint8Array,
  optimizer: Uint8Array,
): Promise<void> {
  await mkdir(dirname(file.weightsFile), { recursive: true }).catch((thrown: unknown) => {
    throw new EngineError('STORAGE', `Cannot make the checkpoint folder: ${reasonOf(thrown)}`)
  })
  writeAtomically(file.optimizerFile, optimizer)
  try {
    writeAtomically(file.weightsFile, weights)
  } catch (thrown) {
    // Half a pair is of no use, and on a full disk its room is.
    rmSync(file.optimizerFile, { force: true })
    throw thrown
  }
}

/** Removes all but the newest `keep` checkpoints of a phase; the oldest weights file goes first, so no pair looks complete. */
export function pruneCheckpoints(runFolder: string, phase: Phase, keep: number): void {
  for (const { weightsFile, optimizerFile } of listCheckpoints(runFolder, phase).slice(keep)) {
    rmSync(weightsFile, { force: true })
    rmSync(optimizerFile, { force: true })
  }
}

/** @throws EngineError STORAGE; a half-written temporary file is removed, what was there before stays. */
export function writeAtomically(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp-${process.pid}`
  try {
    const descriptor = openSync(temporary, 'w')
    try {
      for (let written = 0; written < bytes.length;) {
        written += writeSync(descriptor, bytes, written)
      }
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
    syncFolder(dirname(path))
  } catch (thrown) {
    rmSync(temporary, { force: true })
    throw new EngineError(
      'STORAGE',
      `Cannot write ${basename(path)} (${bytes.length} bytes): ${reasonOf(thrown)}`,
    )
  }
}

/** A rename is durable only once its folder is synced; Windows cannot open folders and needs no such sync. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') {
    return
  }
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function reasonOf(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException
  switch (code) {
    case 'ENOSPC':
      return 'the disk is full'
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'no permission to write there'
    default:
      return message
  }
}
