import type { FuzzReader, PreparedReader } from './fuzz-reader.ts'

/** Readers that do what none may do: proofs that the fuzzer would tell. They run only when they are named. */

const fault = (name: string, read: PreparedReader['read'], hasChecksums = false): FuzzReader => ({
  name: `fault: ${name}`,
  weight: 1,
  prepare: () => {
    const sound = Buffer.from('sound')
    return {
      ...{ sound: [sound], hasChecksums },
      damage: () => ({ bytes: Buffer.from('damaged'), isSealed: false }),
      read: (bytes) => (bytes === sound ? ['sound'] : read(bytes)),
    }
  },
})

const kept: Buffer[] = []

export const FAULT_READERS: readonly FuzzReader[] = [
  fault('raw', () => [(JSON.parse('null') as { readonly a: string }).a]),
  fault('damaged', () => ['something else'], true),
  fault('polluted', () => {
    Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true })
    return []
  }),
  fault('large', () => {
    kept.push(Buffer.alloc(400 * 2 ** 20, 1))
    return []
  }),
  fault('slow', () => {
    const before = process.cpuUsage()
    for (let spent = 0; spent < 1_200_000;) {
      const { user, system } = process.cpuUsage(before)
      spent = user + system // what counts is the time of the processor
    }
    return []
  }),
  fault('crash', () => {
    process.kill(process.pid, 'SIGSEGV')
    return new Promise(() => undefined)
  }),
  fault('hang', () => {
    for (;;) {
      // For ever.
    }
  }),
]
