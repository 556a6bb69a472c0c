import { readFileSync, readdirSync } from 'node:fs'

/** Set for a command under torture; everything that it starts inherits it. */
export const MARK = 'SCALENAS_TORTURE'

export interface MarkedProcess {
  readonly pid: number
  readonly kind: 'engine' | 'worker' | 'keeper' | 'other'
}

/** Every living process of a mark, found in /proc, so that nothing the program forgot is missed. Linux. */
export function findMarked(mark: string): readonly MarkedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): MarkedProcess[] => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, 'latin1')
        if (!environment.includes(`${MARK}=${mark}\0`)) {
          return []
        }
        const command = readFileSync(`/proc/${name}/cmdline`, 'latin1')
        return command === '' ? [] : [{ pid: Number(name), kind: kindOf(command) }]
      } catch {
        // Gone between the listing and the read, or a zombie.
        return []
      }
    })
}

function kindOf(command: string): MarkedProcess['kind'] {
  if (/cli[/.](main\.ts|js)/.test(command)) {
    return 'engine'
  }
  if (/worker(\/main\.ts|\.js)/.test(command)) {
    return 'worker'
  }
  return command.includes('scalenas-keeper') ? 'keeper' : 'other'
}

/** @returns what is still there after the time. */
export async function waitUntilGone(mark: string, milliseconds: number): Promise<readonly MarkedProcess[]> {
  const end = performance.now() + milliseconds
  for (;;) {
    const left = findMarked(mark)
    if (left.length === 0 || performance.now() > end) {
      return left
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
