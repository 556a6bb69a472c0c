const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

/** Seconds as people say them: '181 ms', '41 s', '34 min', '1 h 52 min', '1 day 17 h'; null → 'unknown'. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) {
    return 'unknown'
  }
  if (seconds < 1) {
    return `${Math.round(seconds * 1000).toString()} ms`
  }
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`
  }
  if (seconds < 90) {
    return `${Math.round(seconds).toString()} s`
  }
  if (seconds < HOUR - MINUTE / 2) {
    return `${Math.round(seconds / MINUTE).toString()} min`
  }
  return seconds < DAY
    ? twoParts(seconds, HOUR, 'h', MINUTE, 'min')
    : twoParts(seconds, DAY, 'day', HOUR, 'h')
}

function twoParts(
  seconds: number,
  large: number,
  largeUnit: string,
  small: number,
  smallUnit: string,
): string {
  const smalls = Math.round(seconds / small)
  const perLarge = large / small
  const larges = Math.floor(smalls / perLarge)
  const rest = smalls % perLarge
  const plural = largeUnit === 'day' && larges > 1 ? 's' : ''
  const head = `${larges.toString()} ${largeUnit}${plural}`
  return rest === 0 ? head : `${head} ${rest.toString()} ${smallUnit}`
}

/** Local clock time with seconds: '03:38:34'. */
export function formatClock(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB')
}

/** Local time of day: '03:38'. */
export function formatTimeOfDay(at: number): string {
  return formatClock(at).slice(0, 5)
}

/** A moment relative to `now`: '14:02' today, 'yesterday', 'Sunday' within a week, else '12 Nov'. */
export function formatMoment(at: number, now: number): string {
  const days = Math.round((startOfDay(now) - startOfDay(at)) / (DAY * 1000))
  if (days === 0) {
    return formatTimeOfDay(at)
  }
  if (days === 1) {
    return 'yesterday'
  }
  if (days > 1 && days < 7) {
    return new Date(at).toLocaleDateString('en-GB', { weekday: 'long' })
  }
  return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}
