import { fork } from 'node:child_process'
import { STOP_TIMEOUT_MS, toEngineAddress } from './engine-starter.ts'
import type { EngineAddress, EngineProcess, EngineStarter, EngineStartOptions } from './engine-starter.ts'
import { createOutputTail } from './output-tail.ts'

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
  const tail = createOutputTail()
  // A plain Node cannot read inside Electron's archive; packages put the engine beside it.
  const child = fork(entry.replace(/\bapp\.asar\b/, 'app.asar.unpacked'), [], {
    execPath: node,
    execArgv: [],
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  child.stdout?.on('data', (chunk: Buffer) => {
    tail.add(chunk)
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    tail.add(chunk)
    process.stderr.write(chunk)
  })

  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      resolve(`${node} could not be started: ${error.message}`)
    })
    child.once('exit', (code, signal) => {
      resolve(signal ? `ended by ${signal}` : `exit code ${String(code)}`)
    })
  })
  const ready = new Promise<EngineAddress>((resolve, reject) => {
    child.on('message', (message) => {
      const address = toEngineAddress(message)
      if (address) {
        resolve(address)
      }
    })
    void exited.then((reason) => {
      reject(new Error(`the engine did not start: ${reason}`))
    })
  })

  return {
    ready,
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
