import { readFileSync } from 'node:fs'
import { EngineError, OUT_OF_MEMORY_ADVICE, saysOutOfMemory } from '../../contract/index.ts'
import type { BackendRefusal } from '../../contract/index.ts'
import { BackendRefusedError } from './backend-refused.ts'

export interface WorkerDeath {
  readonly pid: number | undefined
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** Last lines of its output. */
  readonly tail: readonly string[]
  /** The kernel's count of out-of-memory kills rose while it lived. */
  readonly wasKilledForMemory: boolean
  /** What it was asked to do, for the message. */
  readonly jobKind: string | null
  /** What it said when it could open no backend; empty otherwise. */
  readonly refusals: readonly BackendRefusal[]
}

/** Names a death: a refused backend where the worker said so, OUT_OF_MEMORY where kernel or wording say so, else WORKER_DIED; details are signal or code, then the last output. */
export function toDeathError(death: WorkerDeath): EngineError {
  const job = death.jobKind === null ? 'before its first job' : `during "${death.jobKind}"`
  const how = death.signal === null ? `exit code ${String(death.exitCode)}` : `signal ${death.signal}`
  const details = [`process ${String(death.pid ?? '?')} ended ${job} with ${how}`, ...death.tail]
  if (death.refusals.length > 0) {
    return new BackendRefusedError(death.refusals, details)
  }
  if (death.wasKilledForMemory || saysOutOfMemory(death.tail.join('\n'))) {
    return new EngineError(
      'OUT_OF_MEMORY',
      `The worker ran out of memory ${job} (${how}). ${OUT_OF_MEMORY_ADVICE}`,
      details,
    )
  }
  return new EngineError('WORKER_DIED', `The worker died ${job}: ${how}.`, details)
}

/** Kills for memory in this control group so far; 0 where the kernel does not say. */
export function countMemoryKills(): number {
  try {
    const events = readFileSync('/sys/fs/cgroup/memory.events', 'utf8')
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0)
  } catch {
    // No cgroup v2 here: wording is all there is to go by.
    return 0
  }
}
