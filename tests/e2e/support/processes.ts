import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** One running process, as /proc shows it. */
export interface ProcessFacts {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** All processes below `ancestor`, at any depth. */
export function descendantsOf(ancestor: number): readonly ProcessFacts[] {
  const all = listProcesses()
  const found: ProcessFacts[] = []
  let parents = new Set([ancestor])
  while (parents.size > 0) {
    const children = all.filter(({ parent }) => parents.has(parent))
    found.push(...children)
    parents = new Set(children.map(({ pid }) => pid))
  }
  return found
}

/** Waits for a process below `ancestor` whose command line contains `part`. @throws Error after `timeoutMs`. */
export async function waitForProcess(
  ancestor: number,
  part: string,
  timeoutMs: number,
): Promise<ProcessFacts> {
  const end = Date.now() + timeoutMs
  while (Date.now() < end) {
    const found = descendantsOf(ancestor).find(({ command }) => command.includes(part))
    if (found) {
      return found
    }
    await delay(100)
  }
  const seen = descendantsOf(ancestor).map(({ pid, command }) => `${pid} ${command}`)
  throw new Error(`no process with ${part} within ${timeoutMs} ms; there are:\n${seen.join('\n')}`)
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // ESRCH: the test's own user started it, so there is no other reason
  }
}

function listProcesses(): readonly ProcessFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // state, parent, …
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return [{ pid: Number(name), parent: Number(parent), command }]
      } catch {
        return [] // gone between the listing and the reading
      }
    })
}
