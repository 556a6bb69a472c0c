import { utilityProcess } from 'electron'
import { followAddress, STOP_TIMEOUT_MS } from './engine-starter.ts'
import type { EngineProcess, EngineStarter, EngineStartOptions } from './engine-starter.ts'
import { tailOutput } from './output-tail.ts'

/** Starts the engine inside Electron's own Node: nothing else has to be installed. */
export function createUtilityProcessStarter(options: EngineStartOptions): EngineStarter {
  return { kind: 'utility-process', start: () => startUtility(options) }
}

function startUtility({ entry, environment }: EngineStartOptions): EngineProcess {
  const child = utilityProcess.fork(entry, [], {
    serviceName: 'ScaleNAS engine',
    env: environment,
    stdio: 'pipe',
  })
  const tail = tailOutput(child)

  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code) => {
      resolve(`exit code ${String(code)}`)
    })
  })
  const address = followAddress((listener) => void child.on('message', listener), exited)

  return {
    ...address,
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
