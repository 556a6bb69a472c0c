import type { CostEstimate } from '../contract/index.ts'

/** One line before a run begins: about how long it will take, and whose figures say so. */
export function describeEstimate(cost: CostEstimate): string {
  const { secondsTeacher, secondsSupernet, secondsSearch, timesFrom, calibratedAt } = cost
  if (timesFrom === null || secondsTeacher === null || secondsSupernet === null || secondsSearch === null) {
    return 'about how long: not known, this machine has no undisturbed calibration for networks of this size and these libraries yet; the run looks for one at its start or makes one'
  }
  const source =
    calibratedAt === null
      ? 'by a few iterations and the number of cores'
      : `by this machine's calibration of ${new Date(calibratedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const parts = `teacher ${inWords(secondsTeacher)}, super-network ${inWords(secondsSupernet)}, search at most ${inWords(secondsSearch)}`
  return `about how long: ${inWords(secondsTeacher + secondsSupernet + secondsSearch)} (${parts}), ${source}`
}

/** Two digits are more than an estimate is worth. */
function inWords(seconds: number): string {
  if (seconds < 90) {
    return `${String(Math.ceil(seconds))} s`
  }
  return seconds < 90 * 60 ? `${String(Math.round(seconds / 60))} min` : `${(seconds / 3600).toFixed(1)} h`
}
