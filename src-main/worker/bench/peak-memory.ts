import { readFileSync, writeFileSync } from 'node:fs'

/** Sets the kernel's mark of the largest resident size back to the present one; false where the system has no such mark. */
export function resetPeakMemory(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
    return true
  } catch {
    // Another system, or a container that forbids it: the peak then counts from the start of the process.
    return false
  }
}

/** Bytes. */
export function readPeakMemory(): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kibibytes !== undefined) {
      return Number(kibibytes) * 1024
    }
  } catch {
    // No /proc: the accounting of the process itself is the next best.
  }
  return process.resourceUsage().maxRSS * 1024
}
