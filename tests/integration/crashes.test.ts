import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectServices } from '../../src-main/cli/remote-services.ts'
import type { RemoteEngine } from '../../src-main/cli/remote-services.ts'
import type { CandidateRow, RunEvent, RunSummary } from '../../src-main/contract/index.ts'
import { createTemporaryFolder, SMALL_SEARCH } from '../support/engine-core.ts'
import { forkEngine } from '../support/fork-engine.ts'

/** Promised to users. */
const NOTICE_MS = 2000

interface EngineProcess {
  readonly child: ChildProcess
  readonly remote: RemoteEngine
}

/** The worker processes of an engine, found as a person would: children of its process id. */
function workersOf(engine: ChildProcess): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(engine.pid)
      } catch {
        // Gone between the listing and the read.
        return false
      }
    })
    .map(Number)
}

describe.runIf(process.platform === 'linux')('a kill', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  const engines: EngineProcess[] = []
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(async () => {
    for (const { child, remote } of engines.splice(0)) {
      await remote.close()
      child.kill('SIGKILL')
    }
    folder.remove()
  })

  async function startEngineProcess(): Promise<EngineProcess> {
    const { child, address } = await forkEngine(folder.folder, { FAKE_WORKER: 'slow' })
    const engine = { child, remote: connectServices(address) }
    engines.push(engine)
    return engine
  }

  async function startRun(
    { remote }: EngineProcess,
    id: string,
    overrides: Record<string, number> = SMALL_SEARCH,
  ): Promise<void> {
    await remote.services.runs.start({ id, name: id, preset: 'micro-pose', overrides })
  }

  async function waitFor(
    { remote }: EngineProcess,
    id: string,
    isReached: (event: RunEvent) => boolean,
  ): Promise<void> {
    const stop = new AbortController()
    for await (const event of remote.services.runs.events({ runId: id, afterSeq: 0, signal: stop.signal })) {
      if (isReached(event)) {
        stop.abort()
      }
    }
  }
  const waitForStatus = (engine: EngineProcess, id: string, status: RunSummary['status']) =>
    waitFor(engine, id, (event) => event.kind === 'status-changed' && event.status === status)
  const waitForScores = (engine: EngineProcess, id: string, generation: number) =>
    waitFor(
      engine,
      id,
      (event) =>
        event.kind === 'candidates-changed' &&
        event.rows.some((row) => row.generation === generation && row.state === 'evaluated'),
    )

  async function readLedger({ remote }: EngineProcess, id: string) {
    const { rows } = await remote.services.candidates.list(id)
    const local = (candidateId: string): string => candidateId.split(':')[1] ?? ''
    return rows.map(({ number, generation, state, genotypeId, accuracy, origin }: CandidateRow) => ({
      ...{ number, generation, state, genotypeId, accuracy, parents: origin.parents.map(local) },
    }))
  }

  it('of a worker shows as interrupted within two seconds, with its last output; a resume gives the same ledger', async () => {
    const engine = await startEngineProcess()
    await startRun(engine, 'r-whole1')
    await waitForStatus(engine, 'r-whole1', 'completed')
    const expected = await readLedger(engine, 'r-whole1')

    await startRun(engine, 'r-killed1')
    await waitForScores(engine, 'r-killed1', 1)
    const [worker] = workersOf(engine.child)
    expect(worker).toBeDefined()
    const killedAt = Date.now()
    process.kill(worker ?? 0, 'SIGKILL')
    await waitForStatus(engine, 'r-killed1', 'interrupted')
    expect(Date.now() - killedAt).toBeLessThan(NOTICE_MS)

    const { runs } = engine.remote.services
    const details = await runs.get('r-killed1')
    expect(details.error).toMatchObject({
      code: 'WORKER_DIED',
      message: expect.stringContaining('SIGKILL') as string,
    })
    expect(details.error?.details.join('\n')).toContain('fake worker, 1 threads')
    expect(details.attempts).toMatchObject([{ attempt: 1, outcome: 'crashed' }])
    const scored = (await readLedger(engine, 'r-killed1')).filter((row) => row.state === 'evaluated')
    expect(scored.length).toBeGreaterThan(18)

    await runs.resume('r-killed1')
    await waitForStatus(engine, 'r-killed1', 'completed')
    expect(await readLedger(engine, 'r-killed1')).toEqual(expected)
    expect((await runs.get('r-killed1')).attempts).toMatchObject([
      { outcome: 'crashed' },
      { attempt: 2, outcome: 'completed', fromPhase: 'search' },
    ])
  })

  it('of the engine leaves no worker behind and an interrupted run, which another engine takes to the same ledger', async () => {
    const first = await startEngineProcess()
    await startRun(first, 'r-whole1')
    await waitForStatus(first, 'r-whole1', 'completed')
    await startRun(first, 'r-killed1')
    await waitForScores(first, 'r-killed1', 0)
    const workers = workersOf(first.child)
    expect(workers.length).toBeGreaterThan(0)
    const gone = new Promise((resolve) => first.child.once('exit', resolve))
    first.child.kill('SIGKILL')
    await gone

    const second = await startEngineProcess()
    const { runs } = second.remote.services
    const summary = (await runs.list()).find((run) => run.id === 'r-killed1')
    expect(summary).toMatchObject({ status: 'interrupted', error: { code: 'WORKER_DIED' } })
    const { rows } = await second.remote.services.candidates.list('r-killed1')
    expect(rows.filter((row) => row.state === 'leased')).toEqual([])
    await expect.poll(() => workers.filter((pid) => isRunning(pid)), { timeout: 5000 }).toEqual([])

    await runs.resume('r-killed1')
    await waitForStatus(second, 'r-killed1', 'completed')
    expect(await readLedger(second, 'r-killed1')).toEqual(await readLedger(second, 'r-whole1'))
  })

  it('is needed for nothing: an engine told to end stops its run and frees the folder', async () => {
    const first = await startEngineProcess()
    // On a busy machine the second engine takes seconds to start; the run must not end meanwhile.
    await startRun(first, 'r-closed1', { ...SMALL_SEARCH, 'search.initial': 1000 })
    await waitFor(first, 'r-closed1', (event) => event.kind === 'metrics-recorded')
    await expect(startEngineProcess()).rejects.toThrow(/ended with 1/)
    const gone = new Promise((resolve) => first.child.once('exit', resolve))
    first.child.kill('SIGTERM')
    expect(await gone).toBe(0)
    const second = await startEngineProcess()
    const details = await second.remote.services.runs.get('r-closed1')
    expect(details).toMatchObject({ status: 'interrupted', attempts: [{ outcome: 'stopped' }] })
  })

  it('does not make the engine slow: it answers while a run floods it with events', async () => {
    const engine = await startEngineProcess()
    await startRun(engine, 'r-busy01')
    const times: number[] = []
    for (let call = 0; call < 40; call += 1) {
      const from = performance.now()
      await engine.remote.services.runs.get('r-busy01')
      times.push(performance.now() - from)
      await sleep(25)
    }
    const sorted = times.toSorted((a, b) => a - b)
    // 100 ms is promised; one call in forty may meet another process on a shared machine.
    expect(sorted[Math.floor(0.95 * sorted.length)]).toBeLessThan(100)
  })
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
