import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CoreLedger } from '../../../src-main/engine/executors/core-ledger.ts'

/** A job that rests a moment after it was asked to. */
class Job {
  state: 'waiting' | 'running' | 'paused' | 'ended' | 'refused' = 'waiting'
  leave: () => void = () => undefined
  readonly name: string
  readonly cores: number

  constructor(
    ledger: CoreLedger,
    name: string,
    cores: number,
    { isUrgent = false, signal }: { isUrgent?: boolean; signal?: AbortSignal } = {},
  ) {
    this.name = name
    this.cores = cores
    ledger
      .enter({
        ...{ cores, isUrgent, signal },
        pause: async () => {
          await new Promise((resolve) => setTimeout(resolve, 5))
          this.state = this.state === 'running' ? 'paused' : this.state
        },
        resume: () => {
          this.state = 'running'
        },
      })
      .then(
        (leave) => {
          this.state = 'running'
          this.leave = () => {
            this.state = 'ended'
            leave()
          }
        },
        () => {
          this.state = 'refused'
        },
      )
  }
}

describe('the cores of a machine', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const open = (cores: number) => new CoreLedger({ cores, sliceMs: 1000 })
  const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)
  const states = (...jobs: readonly Job[]) => jobs.map(({ name, state }) => `${name} ${state}`)

  it('go to whoever came first, as far as they reach', async () => {
    const ledger = open(4)
    const [a, b, c] = [new Job(ledger, 'a', 2), new Job(ledger, 'b', 2), new Job(ledger, 'c', 1)]
    await pass(0)
    expect(states(a, b, c)).toEqual(['a running', 'b running', 'c waiting'])
    expect(ledger.used).toBe(4)
    a.leave()
    await pass(0)
    expect(c.state).toBe('running')
    expect(ledger.used).toBe(3)
  })

  it('are lent to an urgent job at the next step of what trains, and go back after it', async () => {
    const ledger = open(2)
    const training = new Job(ledger, 'training', 2)
    await pass(0)
    const preview = new Job(ledger, 'preview', 1, { isUrgent: true })
    await pass(1)
    expect(states(training, preview)).toEqual(['training running', 'preview waiting'])
    await pass(5)
    expect(states(training, preview)).toEqual(['training paused', 'preview running'])
    await pass(60_000)
    expect(preview.state).toBe('running')
    preview.leave()
    await pass(0)
    expect(training.state).toBe('running')
  })

  it('change hands by the slice between long jobs, however often', async () => {
    const ledger = open(2)
    const [run, tune] = [new Job(ledger, 'run', 2), new Job(ledger, 'tune', 2)]
    await pass(900)
    expect(states(run, tune)).toEqual(['run running', 'tune waiting'])
    const turns: string[] = []
    for (let slice = 0; slice < 4; slice++) {
      await pass(1005)
      turns.push(
        [run, tune]
          .filter(({ state }) => state === 'running')
          .map(({ name }) => name)
          .join(),
      )
    }
    expect(turns).toEqual(['tune', 'run', 'tune', 'run'])
    run.leave()
    await pass(10)
    expect(tune.state).toBe('running')
  })

  it('are all taken by a job that wants more than there are, and shared by parts', async () => {
    const ledger = open(2)
    const greedy = new Job(ledger, 'greedy', 9)
    await pass(0)
    expect([greedy.state, ledger.used]).toEqual(['running', 2])
    greedy.leave()
    const workers = Array.from({ length: 6 }, (_, index) => new Job(ledger, `w${String(index)}`, 2 / 6))
    await pass(0)
    expect(workers.every(({ state }) => state === 'running')).toBe(true)
  })

  it('refuse who stops waiting, and everybody after the end', async () => {
    const ledger = open(1)
    const stop = new AbortController()
    const [a, b, c] = [
      new Job(ledger, 'a', 1),
      new Job(ledger, 'b', 1, { signal: stop.signal }),
      new Job(ledger, 'c', 1),
    ]
    await pass(0)
    stop.abort()
    await pass(0)
    expect(states(a, b, c)).toEqual(['a running', 'b refused', 'c waiting'])
    ledger.close()
    await pass(0)
    expect(c.state).toBe('refused')
    expect(new Job(ledger, 'd', 1).state).toBe('waiting')
    const late = new Job(ledger, 'late', 1)
    await pass(0)
    expect(late.state).toBe('refused')
  })

  it('are never exceeded, whatever comes and goes', async () => {
    const ledger = new CoreLedger({ cores: 4, sliceMs: 20 })
    const jobs: Job[] = []
    let seed = 7
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
    for (let step = 0; step < 2000; step++) {
      if (random(3) === 0 && jobs.filter(({ state }) => state !== 'ended').length < 12) {
        jobs.push(new Job(ledger, String(step), 1 + random(4), { isUrgent: random(4) === 0 }))
      }
      if (random(4) === 0) {
        const running = jobs.filter(({ state }) => state === 'running')
        running[random(Math.max(1, running.length))]?.leave()
      }
      await pass(random(15))
      const taken = jobs.filter(({ state }) => state === 'running').reduce((sum, { cores }) => sum + cores, 0)
      expect(taken).toBeLessThanOrEqual(4)
      expect(ledger.used).toBeGreaterThanOrEqual(taken)
    }
    // Nobody is forgotten.
    for (let step = 0; step < 500; step++) {
      jobs.find(({ state }) => state === 'running')?.leave()
      await pass(10)
    }
    expect(jobs.length).toBeGreaterThan(100)
    expect(jobs.filter(({ state }) => state !== 'ended')).toEqual([])
    expect(ledger.used).toBe(0)
  })
})
