import { availableParallelism } from 'node:os'
import type { BenchJob } from '../../contract/index.ts'
import { countOutputs } from '../configure/search-setup.ts'
import type { Executor } from '../executors/executor.ts'
import type { CalibrationProbe, ProbeVariant } from './calibrate.ts'
import type { Representative } from './representative.ts'

/** A probe in worker processes; each number of threads needs a process of its own, because TensorFlow reads it once. */
export interface WorkerProbe extends CalibrationProbe {
  /** Ends all its processes. */
  close(): Promise<void>
}

export function openWorkerProbe(
  { config, subnet, batch }: Representative,
  {
    executor,
    signal,
    now,
  }: {
    readonly executor: Executor
    readonly signal: AbortSignal
    readonly now: () => number
  },
): WorkerProbe {
  const lanes = new Set<string>()
  return {
    now,
    versionOf: (backend) => executor.probe(backend),
    async repeat(variant, work, budgetMs, beside = 1) {
      const lane = laneOf(variant)
      lanes.add(lane)
      const job: BenchJob = {
        ...{ kind: 'bench', config, outputs: countOutputs(config, null), subnet, batch, work, budgetMs },
        ...{ profiles: false, leastRepetitions: budgetMs > 0 ? 1 : 0 },
      }
      const { milliseconds } = await executor.runJob(job, {
        ...{ lane, threads: variant.threads, backend: variant.backend, signal },
        cores: availableParallelism() / beside,
        logFolder: null,
        onEvent: () => undefined,
      })
      return milliseconds
    },
    async close() {
      await executor.release([...lanes])
    },
  }
}

function laneOf({ backend, threads, copy }: ProbeVariant): string {
  return ['calibrate', backend, String(threads), String(copy)].join('-')
}
