import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ENTRY = fileURLToPath(new URL('./engine-process.ts', import.meta.url))

export interface ForkedEngine {
  readonly child: ChildProcess
  readonly address: { readonly url: string; readonly token: string }
}

/** An engine with the fake worker, in a process that a test may kill. @throws Error if it ends before it listens. */
export async function forkEngine(
  dataFolder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ForkedEngine> {
  const child = fork(ENTRY, [], {
    env: { ...process.env, ...env, ENGINE_DATA: dataFolder },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const address = await new Promise<ForkedEngine['address']>((resolve, reject) => {
    child.once('message', (message) => resolve(message as ForkedEngine['address']))
    child.once('exit', (code) => reject(new Error(`the engine ended with ${String(code)}`)))
  })
  return { child, address }
}
