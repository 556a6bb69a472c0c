import { fork } from 'node:child_process'
import type { RefusalCode } from '../../contract/index.ts'
import { BackendError } from '../backend-error.ts'

/** Compiling every program takes a slow driver some seconds. */
const LONGEST_PROBE_MS = 60_000
const MOST_OUTPUT = 2000

export type ProbeResult =
  { readonly ok: true } | { readonly ok: false; readonly code: RefusalCode; readonly reason: string }

/**
 * Runs probe.ts in a child process.
 *
 * @throws BackendError of what the child found; `no-answer` for one that died, which is a driver's doing.
 */
export async function probeInChild(probe: URL): Promise<void> {
  const result = await new Promise<ProbeResult>((resolve) => {
    const child = fork(probe, {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      timeout: LONGEST_PROBE_MS,
    })
    let output = ''
    child.stderr?.on('data', (data: Buffer) => {
      output = (output + data.toString()).slice(-MOST_OUTPUT)
    })
    child.once('message', (message) => {
      resolve(message as ProbeResult)
    })
    child.once('error', (error) => {
      resolve({ ok: false, code: 'does-not-load', reason: error.message })
    })
    child.once('close', (code, signal) => {
      const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`
      const said = output.trim() === '' ? '' : `: ${output.trim()}`
      resolve({ ok: false, code: 'no-answer', reason: `the process that tried it ended with ${how}${said}` })
    })
  })
  if (!result.ok) {
    throw new BackendError(result.code, result.reason)
  }
}
