import { utilityProcess } from 'electron'
import { STOP_TIMEOUT_MS, toEngineAddress } from './engine-starter.ts'
import type { EngineAddress, EngineProcess, EngineStarter, EngineStartOptions } from './engine-starter.ts'
import { createOutputTail } from './output-tail.ts'

/** Starts the engine inside Electron's own Node: nothing else has to be installed. */
export function createUtilityProcessStarter(options: EngineStartOptions): EngineStarter {
  return { kind: 'utility-process', start: () => startUtility(options) }
}

function startUtility({ entry, environment }: EngineStartOptions): EngineProcess {
  const tail = createOutputTail()
  const child = utilityProcess.fork(entry, [], {
    serviceName: 'ScaleNAS engine',
    env: environment,
    stdio: 'pipe',
  })
  child.stdout?.on('data', (chunk: Buffer) => {
    tail.add(chunk)
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    tail.add(chunk)
    process.stderr.write(chunk)
  })

  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code) => {
      resolve(`exit code ${String(code)}`)
    })
  })
  const ready = new Promise<EngineAddress>((resolve, reject) => {
    child.on('message', (message: unknown) => {
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
      child.kill() // SIGTERM; Electron gives no other way
      const insist = setTimeout(() => killHard(child.pid), STOP_TIMEOUT_MS)
      await exited
      clearTimeout(insist)
    },
  }
}

function killHard(pid: number | undefined): void {
  if (pid !== undefined) {
    process.kill(pid, 'SIGKILL')
  }
}
