import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface CliResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface StartedCli {
  readonly child: ChildProcess
  readonly done: Promise<CliResult>
  /** Resolves once the text appears on stderr; rejects if the command ends before. */
  waitForStderr(pattern: RegExp): Promise<void>
}

const entry = fileURLToPath(new URL('../../src-main/cli/main.ts', import.meta.url))

/** The command line from its sources, as `npx scalenas …` runs it from the build. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): StartedCli {
  const child = spawn(process.execPath, [entry, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    waiting.forEach((look) => {
      look()
    })
  })
  const done = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr })
    })
  })
  return {
    child,
    done,
    waitForStderr: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(stderr)) {
            waiting.delete(look)
            resolve()
          }
        }
        waiting.add(look)
        look()
        void done.then(() => {
          reject(new Error(`the command ended before ${String(pattern)} appeared:\n${stderr}`))
        })
      }),
  }
}

/** The run that a command said it started; null where it said nothing of one. */
export function readRunId(stderr: string): string | null {
  return /run (r-\w+) started/.exec(stderr)?.[1] ?? null
}

export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return startCli(args, env).done
}

/** Process ids of the direct children of a process (Linux). */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}
