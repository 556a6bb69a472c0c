import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { keepWorker } from '../../../src-main/engine/executors/worker-keeper.ts'

const KEEPER = fileURLToPath(new URL('../../../src-main/engine/executors/worker-keeper.ts', import.meta.url))
/** Promised to users. */
const GONE_MS = 3000

/** A process that takes no message and no signal but SIGKILL. */
function startStopped(): ChildProcess {
  const worker = spawn('sleep', ['600'], { stdio: 'ignore' })
  worker.kill('SIGSTOP')
  return worker
}

/** An engine that keeps one worker and does nothing else. */
function startEngine(workerPid: number | undefined): Promise<ChildProcess> {
  const code = `const { keepWorker } = await import(${JSON.stringify(KEEPER)}); keepWorker(${String(workerPid)}); setInterval(() => undefined, 1000); console.log('ready')`
  const engine = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // The leader of a group, as in a terminal.
    detached: true,
  })
  return new Promise((resolve) => engine.stdout.once('data', () => resolve(engine)))
}

const exitOf = (child: ChildProcess): Promise<NodeJS.Signals | null> =>
  new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)))

describe.skipIf(process.platform === 'win32')('the keeper of a worker', () => {
  it('kills it, also when it is stopped, once the engine was killed', async () => {
    const worker = startStopped()
    const gone = exitOf(worker)
    const engine = await startEngine(worker.pid)
    engine.kill('SIGKILL')
    const late = new Promise((resolve) => setTimeout(() => resolve('still there'), GONE_MS))
    expect(await Promise.race([gone, late])).toBe('SIGKILL')
  })

  it('outlives what a closed terminal sends to the group of the engine', async () => {
    const worker = startStopped()
    const gone = exitOf(worker)
    const engine = await startEngine(worker.pid)
    process.kill(-(engine.pid ?? 0), 'SIGHUP')
    expect(await gone).toBe('SIGKILL')
  })

  it('leaves alone what was released', async () => {
    const worker = spawn('sleep', ['600'], { stdio: 'ignore' })
    const keeper = keepWorker(worker.pid)
    keeper.release()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(worker.exitCode ?? worker.signalCode).toBeNull()
    worker.kill('SIGKILL')
  })
})
