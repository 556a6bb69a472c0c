import type { RunPhase, RunStatus, RunSummary } from '../../src-main/contract/index.ts'
import type { IconName } from './icons.ts'

export interface StatusLook {
  readonly word: string
  readonly icon: IconName
  /** Part of the token names --state-*-fg and --state-*-bg. */
  readonly token: string
}

export const STATUS_LOOKS: Readonly<Record<RunStatus, StatusLook>> = {
  queued: { word: 'waiting', icon: 'clock', token: 'queued' },
  running: { word: 'running', icon: 'play', token: 'running' },
  paused: { word: 'paused', icon: 'pause', token: 'paused' },
  completed: { word: 'done', icon: 'check', token: 'done' },
  failed: { word: 'failed', icon: 'x', token: 'failed' },
  stopped: { word: 'stopped', icon: 'square', token: 'stopped' },
  interrupted: { word: 'interrupted', icon: 'bolt', token: 'interrupted' },
}

export const PHASE_WORDS: Readonly<Record<RunPhase, string>> = {
  prepare: 'Preparing data',
  teacher: 'Training the teacher',
  supernet: 'Training the super-network',
  search: 'Searching',
  report: 'Reporting',
}

/** The word of a chip; a failed run names its cause where it is known. */
export function statusWord(run: Pick<RunSummary, 'status' | 'error'>): string {
  if (run.status === 'failed' && run.error?.code === 'OUT_OF_MEMORY') {
    return 'out of memory'
  }
  if (run.status === 'failed' && run.error?.code === 'NUMERIC') {
    return 'loss is not a number'
  }
  return STATUS_LOOKS[run.status].word
}

export function isActive(status: RunStatus): boolean {
  return status === 'queued' || status === 'running' || status === 'paused'
}

export function canResume(status: RunStatus): boolean {
  return status === 'interrupted' || status === 'stopped' || status === 'failed' || status === 'paused'
}

/** Token of a run's colour; the stored index counts from 0, the tokens from 1. */
export function runColorToken(colorIndex: number): string {
  return `run-${((colorIndex % 8) + 1).toString()}`
}
