import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import type { MachineFacts } from '../../contract/index.ts'

export function readMachine(): MachineFacts {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
  }
}

/** Runnable processes, mean of the last minute. */
export function readLoad(): number {
  return loadavg()[0] ?? 0
}

/** Whether figures and last bits of one may stand for the other. */
export function isSameMachine(a: MachineFacts, b: MachineFacts): boolean {
  return a.processor === b.processor && a.cores === b.cores
}

export function describeMachine({ processor, cores }: MachineFacts): string {
  return `${processor}, ${String(cores)} ${cores === 1 ? 'core' : 'cores'}`
}
