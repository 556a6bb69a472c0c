import type { RunDetails } from '../../src-main/contract/index.ts'
import { formatTimeOfDay } from './format-time.ts'

export interface RunTrouble {
  readonly tone: 'warn' | 'bad'
  readonly title: string
  /** What is safe and what resuming does. */
  readonly text: string
  readonly lastOutput: readonly string[]
  /** Words of the button that goes on. */
  readonly wayOn: string
}

/** What is the matter with a run that did not end by itself; null if nothing is. */
export function runTrouble(run: RunDetails): RunTrouble | null {
  const when = run.endedAt === null ? '' : ` at ${formatTimeOfDay(run.endedAt)}`
  const lastOutput = (run.error?.details ?? []).slice(-40)
  switch (run.status) {
    case 'interrupted':
      return {
        tone: 'warn',
        title: `${run.error?.message ?? 'The run was cut off'}${run.error === null ? when : ''}`,
        text: `${keptText(run)} Resuming goes on from there and gives the front that an undisturbed run gives.`,
        lastOutput,
        wayOn: 'Resume',
      }
    case 'failed':
      return {
        tone: 'bad',
        title: failureTitle(run),
        text: `${keptText(run)} ${failureAdvice(run)}`,
        lastOutput,
        wayOn: 'Try again',
      }
    case 'stopped':
      return {
        tone: 'warn',
        title: `Stopped${when}`,
        text: `${keptText(run)} Resuming goes on from there.`,
        lastOutput: [],
        wayOn: 'Resume',
      }
    default:
      return null
  }
}

function failureTitle(run: RunDetails): string {
  switch (run.error?.code) {
    case 'OUT_OF_MEMORY':
      return `Out of memory: ${run.error.message}`
    case 'NUMERIC':
      return `The loss stopped being a number: ${run.error.message}`
    default:
      return run.error?.message ?? 'The run failed'
  }
}

function failureAdvice(run: RunDetails): string {
  switch (run.error?.code) {
    case 'OUT_OF_MEMORY':
      return `A smaller batch than ${String(run.config.supernet.batch)}, a smaller input or a smaller width needs less.`
    case 'NUMERIC':
      return `A learning rate below ${String(run.config.supernet.optimizer.learningRate)} is the usual remedy.`
    case 'DATASET':
      return 'Mend the dataset and try again, or clone the run with another one.'
    case 'STORAGE':
      return 'Free some space or make the data folder writable, then try again.'
    default:
      return 'Trying again goes on from the last checkpoint.'
  }
}

function keptText(run: RunDetails): string {
  const checkpoint = run.checkpoints.at(-1)
  const parts = [
    run.candidates > 0 ? `${String(run.candidates)} candidates are kept.` : '',
    checkpoint === undefined
      ? ''
      : `The last checkpoint is iteration ${String(checkpoint.iteration)} of the ${checkpoint.phase === 'teacher' ? 'teacher' : 'super-network'}.`,
  ].filter(Boolean)
  return parts.length === 0 ? 'Nothing was computed yet, so nothing is lost.' : parts.join(' ')
}
