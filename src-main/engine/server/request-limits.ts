import type { IncomingMessage } from 'node:http'

/** How slowly a request may come in, and how long a connection may be silent. */
export interface RequestLimits {
  /** All headers are there by then. */
  readonly headersMs: number
  /** A body may come at any pace for so long, */
  readonly bodyGraceMs: number
  /** and has to keep this pace, on average, after it. */
  readonly bodyBytesPerSecond: number
  readonly checkEveryMs: number
  /** Neither a byte in nor one out for so long: the other side is gone, or reads nothing of its answer. */
  readonly silentMs: number
}

/**
 * Who drips is gone after 30 s. A picture of 64 MiB may take 17 minutes: a plain limit on the time would cut slow lines, one on the
 * pace does not. Answers have no limit but silence.
 */
export const REQUEST_LIMITS: RequestLimits = {
  headersMs: 24_000,
  bodyGraceMs: 24_000,
  bodyBytesPerSecond: 64 * 1024,
  checkEveryMs: 5000,
  silentMs: 5 * 60_000,
}

/** Ends the connection of a request whose body comes too slowly. */
export function watchPace(request: IncomingMessage, limits: RequestLimits): void {
  if (!hasBody(request)) {
    return
  }
  const { socket } = request
  const startedAt = performance.now()
  const before = socket.bytesRead
  const timer = setInterval(() => {
    // Not by the events of the request: one that was refused ends for its route long before its body has come.
    if (request.complete || socket.destroyed) {
      clearInterval(timer)
    } else if (socket.bytesRead - before < bytesDue(performance.now() - startedAt, limits)) {
      clearInterval(timer)
      socket.destroy()
    }
  }, limits.checkEveryMs)
  timer.unref()
}

/** @returns how many bytes must have come after so many milliseconds; 0 within the grace. */
export function bytesDue(elapsedMs: number, { bodyGraceMs, bodyBytesPerSecond }: RequestLimits): number {
  return (Math.max(0, elapsedMs - bodyGraceMs) / 1000) * bodyBytesPerSecond
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
