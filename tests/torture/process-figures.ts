import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What a process holds (Linux). */
export interface ProcessFigures {
  readonly residentMb: number
  /** Open files, sockets and pipes. */
  readonly handles: number
  readonly sockets: number
}

/** @returns null where there is no /proc, or no such process. */
export function readProcessFigures(pid: number): ProcessFigures | null {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
    const folder = `/proc/${String(pid)}/fd`
    const targets = readdirSync(folder).map((name) => linkOf(`${folder}/${name}`))
    return {
      residentMb: Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024),
      handles: targets.length,
      sockets: targets.filter((target) => target.startsWith('socket:')).length,
    }
  } catch {
    return null
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // closed between the listing and the read
  }
}
