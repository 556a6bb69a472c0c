import { showField } from '../contract/index.ts'
import type { RunSummary } from '../contract/index.ts'
import type { Terminal } from './command-line.ts'

const BAR_WIDTH = 24
/** Without a terminal a log is written, which a line every few seconds does not flood. */
const LINE_EVERY_MS = 5000

export interface ProgressLine {
  show(summary: RunSummary, note: string): void
  /** A line that stays, above the bar. */
  note(message: string): void
  end(): void
}

/** A bar that redraws itself on a terminal, else a line every five seconds and at every change of phase. */
export function createProgressLine(
  terminal: Terminal,
  now: () => number = () => performance.now(),
): ProgressLine {
  let shownAt = -Infinity
  let shownPhase: string | null = null
  let hasBar = false
  const clear = (): void => {
    if (hasBar) {
      process.stderr.write('\r\u001b[K')
      hasBar = false
    }
  }
  return {
    show(summary, note) {
      if (terminal.isInteractive) {
        const line = showField(describeProgress(summary, note, true))
        // A line longer than the terminal would wrap, and only its last row be redrawn.
        process.stderr.write(`\r\u001b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`)
        hasBar = true
      } else if (now() - shownAt >= LINE_EVERY_MS || shownPhase !== summary.phase) {
        terminal.err(describeProgress(summary, note, false))
        shownAt = now()
        shownPhase = summary.phase
      }
    },
    note(message) {
      clear()
      terminal.err(message)
    },
    end: clear,
  }
}

/** "[#####-----] 42% supernet, 3 min 10 s left, note". */
export function describeProgress(summary: RunSummary, note: string, hasBar: boolean): string {
  const { progress, phase, secondsLeft, status } = summary
  const percent = `${String(Math.floor(progress * 100))}%`
  const filled = Math.round(progress * BAR_WIDTH)
  const bar = hasBar ? `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ` : ''
  const left = secondsLeft === null ? '' : `, ${describeSeconds(secondsLeft)} left`
  const detail = note === '' ? '' : `, ${note}`
  return `${bar}${percent.padStart(4)} ${phase ?? status}${left}${detail}`
}

export function describeSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  if (hours > 0) {
    return `${String(hours)} h ${String(minutes)} min`
  }
  return minutes > 0 ? `${String(minutes)} min ${String(whole % 60)} s` : `${String(whole)} s`
}
