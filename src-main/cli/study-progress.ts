import type { StudyProgress } from '../engine/studies/study-bench.ts'
import type { Terminal } from './command-line.ts'
import { describeSeconds } from './progress-line.ts'

/** A log takes a line every few seconds; a terminal redraws one. */
const LINE_EVERY_MS = 5000
const REDRAW_EVERY_MS = 200

export interface StudyProgressLine {
  readonly show: (progress: StudyProgress) => void
  readonly end: () => void
}

/** Tells which training or scoring is at work and how long it still takes; how many follow is for the study to know. */
export function createStudyProgress(
  terminal: Terminal,
  now: () => number = () => performance.now(),
): StudyProgressLine {
  let part = ''
  let startedAt = 0
  let startedFrom = 0
  let shownAt = -Infinity
  let hasBar = false
  const end = (): void => {
    if (hasBar) {
      process.stderr.write('\r\u001b[K')
      hasBar = false
    }
  }
  return {
    end,
    show(progress) {
      if (progress.part !== part) {
        part = progress.part
        startedAt = now()
        startedFrom = progress.done
        shownAt = -Infinity
      }
      if (now() - shownAt < (terminal.isInteractive ? REDRAW_EVERY_MS : LINE_EVERY_MS)) {
        return
      }
      shownAt = now()
      const line = describePart(progress, { startedFrom, milliseconds: now() - startedAt })
      if (terminal.isInteractive) {
        process.stderr.write(`\r\u001b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`)
        hasBar = true
      } else {
        terminal.err(line)
      }
    },
  }
}

/** "grouped super-network, seed 1: 300 of 2820, 2 min 10 s left"; without a time until there is a pace. */
export function describePart(
  { part, done, total }: StudyProgress,
  { startedFrom, milliseconds }: { readonly startedFrom: number; readonly milliseconds: number },
): string {
  const pace = (done - startedFrom) / milliseconds
  const left = pace > 0 ? `, ${describeSeconds((total - done) / pace / 1000)} left` : ''
  return `${part}: ${String(done)} of ${String(total)}${left}`
}
