import { fork } from 'node:child_process'
import { outsideArchive } from '../contract/index.ts'
import { followAddress, STOP_TIMEOUT_MS } from './engine-starter.ts'
import type { EngineProcess, EngineStarter, EngineStartOptions } from './engine-starter.ts'
import { tailOutput } from './output-tail.ts'

/** Starts the engine on a Node of its own: where Electron's own Node is too old for the database. */
export function createNodeChildStarter(
  options: EngineStartOptions & { readonly node: string },
): EngineStarter {
  return { kind: 'node-child', start: () => startChild(options) }
}

function startChild({
  entry,
  environment,
  node,
}: EngineStartOptions & { readonly node: string }): EngineProcess {
  const child = fork(outsideArchive(entry), [], {
    execPath: node,
    execArgv: [],
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const tail = tailOutput(child)

  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      resolve(`${node} could not be started: ${error.message}`)
    })
    child.once('exit', (code, signal) => {
      resolve(signal ? `ended by ${signal}` : `exit code ${String(code)}`)
    })
  })
  const address = followAddress((listener) => void child.on('message', listener), exited)

  return {
    ...address,
    onExit: (callback) => void exited.then(callback),
    lastOutput: tail.lines,
    async stop() {
      child.kill('SIGTERM')
      const insist = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await exited
      clearTimeout(insist)
    },
  }
}
