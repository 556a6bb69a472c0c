import { describe, expect, it } from 'vitest'
import { createLookout, describeWait } from '../../../src-main/cli/run-lookout.ts'
import type { EngineServices } from '../../../src-main/engine/services/engine-services.ts'

const RUN = 'r-looked1'

function setUp({ isWaiting = false, status = 'running', fails = false, isStopped = false } = {}) {
  const said: string[] = []
  let ends = 0
  const wait = { runId: RUN, freeBytes: 0, neededBytes: 5e6 }
  const services = {
    system: {
      status: () =>
        fails
          ? Promise.reject(new Error('database disk image is malformed'))
          : Promise.resolve({ waitsForSpace: isWaiting ? [wait] : [] }),
    },
    runs: { get: () => Promise.resolve({ status }) },
  } as unknown as Pick<EngineServices, 'runs' | 'system'>
  const lookout = createLookout(services, RUN, {
    say: (line) => said.push(line),
    hasBeenStopped: () => isStopped,
    end: () => (ends += 1),
  })
  return { lookout, said, ends: () => ends }
}

describe('the lookout of a followed run', () => {
  it('ends when the run is over, not before', async () => {
    const running = setUp()
    await running.lookout.look()
    expect(running.ends()).toBe(0)
    const over = setUp({ status: 'completed' })
    await over.lookout.look()
    expect(over.ends()).toBe(1)
  })

  it('says that the run waits for space and how much, once in a while', async () => {
    const { lookout, said, ends } = setUp({ isWaiting: true })
    await lookout.look()
    await lookout.look()
    expect(said).toEqual([describeWait({ freeBytes: 0, neededBytes: 5e6 })])
    expect(said[0]).toContain('0.0 MB are free, about 5.0 MB are needed')
    expect(ends()).toBe(0)
  })

  it('does not wait for space after a request to stop', async () => {
    const { lookout, said, ends } = setUp({ isWaiting: true, isStopped: true })
    await lookout.look()
    expect(ends()).toBe(1)
    expect(said.at(-1)).toContain(`scalenas resume ${RUN}`)
  })

  it('gives up when nobody answers, with the reason', async () => {
    const { lookout, ends } = setUp({ fails: true })
    for (let look = 0; look < 4; look += 1) {
      await lookout.look()
    }
    expect(ends()).toBe(0)
    lookout.requireAnswers()
    await lookout.look()
    expect(ends()).toBe(1)
    expect(() => {
      lookout.requireAnswers()
    }).toThrow(/cannot be followed any more: database disk image is malformed/)
  })
})
