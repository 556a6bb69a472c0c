import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { BACKENDS, BENCH_SUBNETS, EngineError } from '../../contract/index.ts'
import { BENCH_PARTS } from '../../engine/bench/bench.types.ts'
import type { BenchRequest } from '../../engine/bench/bench.types.ts'
import { runBench } from '../../engine/bench/run-bench.ts'
import { loadPresets } from '../../engine/configure/presets.ts'
import { LocalExecutor } from '../../engine/executors/local-executor.ts'
import { EXIT, flag, integer, JSON_ARG, text } from '../command-line.ts'
import type { Command, CommandArgs } from '../command-line.ts'
import { describeBench } from '../describe-bench.ts'

const DEFAULT_NETWORKS = 'micro-pose,mini-pose,pose-w32-256x192'
const DEFAULT_THREADS = '1,2'
const MOST_THREADS = 64
const LARGEST_BATCH = 1024
/** Repetitions fill a second of each of seven turns; a step of a large network takes longer than a turn and is repeated once in each. */
const THOROUGH = { rounds: 7, budgetMs: 1000 } as const
const QUICK = { rounds: 3, budgetMs: 200 } as const

export const benchCommand: Command = {
  description:
    'Measure training steps, inference, evaluation and the loader on every backend of this machine',
  example: 'scalenas bench --network mini-pose --subnet largest --threads 1 --quick',
  args: {
    network: {
      type: 'string',
      valueHint: 'A,B',
      description: `Presets whose networks are measured (default: ${DEFAULT_NETWORKS})`,
    },
    subnet: {
      type: 'string',
      valueHint: 'A,B',
      description: `Of ${BENCH_SUBNETS.join(', ')} (default: all)`,
    },
    backend: {
      type: 'string',
      valueHint: 'A,B',
      description: `Of ${BACKENDS.join(', ')} (default: all)`,
    },
    threads: {
      type: 'string',
      valueHint: 'N,M',
      description: `Threads inside an operation of native TensorFlow (default: ${DEFAULT_THREADS})`,
    },
    part: {
      type: 'string',
      valueHint: 'A,B',
      description: `Of ${BENCH_PARTS.join(', ')} (default: all but evaluation, which scores 100 candidates)`,
    },
    batch: {
      type: 'string',
      valueHint: 'N',
      description: 'Images in a batch (default: the preset’s; 4 for networks of full size)',
    },
    quick: { type: 'boolean', description: 'A first impression: fewer and shorter repetitions' },
    profile: { type: 'boolean', description: 'Also the time of every native operation' },
    ...JSON_ARG,
  },
  async run(args, { parts, terminal, interrupted }) {
    const request = readBenchRequest(args)
    const presets = await loadPresets(fileURLToPath(new URL('presets/', parts.resourcesFolder)))
    const executor = new LocalExecutor({ workerEntry: parts.workerEntry })
    try {
      const report = await runBench(request, {
        ...{ executor, presets, codeVersion: parts.codeVersion, signal: interrupted },
        now: () => performance.now(),
        onProgress: (note, done, total) => {
          terminal.err(`[${String(done + 1)}/${String(total)}] ${note}`)
        },
      })
      terminal.out(flag(args, 'json') ? JSON.stringify(report, null, 2) : describeBench(report))
      return report.failures.length === 0 ? EXIT.done : EXIT.failed
    } finally {
      await executor.close()
    }
  },
}

export function readBenchRequest(args: CommandArgs): BenchRequest {
  const threads = (text(args, 'threads') ?? DEFAULT_THREADS).split(',').map(Number)
  if (!threads.every((count) => Number.isInteger(count) && count >= 1 && count <= MOST_THREADS)) {
    throw new EngineError(
      'BAD_REQUEST',
      `--threads takes whole numbers from 1 to ${String(MOST_THREADS)} with commas between, got "${text(args, 'threads') ?? ''}".`,
    )
  }
  return {
    networks: (text(args, 'network') ?? DEFAULT_NETWORKS).split(','),
    subnets: readChoices(args, 'subnet', BENCH_SUBNETS),
    backends: readChoices(args, 'backend', BACKENDS),
    isEveryBackendNeeded: text(args, 'backend') !== undefined,
    parts:
      text(args, 'part') === undefined
        ? BENCH_PARTS.filter((part) => part !== 'evaluation')
        : readChoices(args, 'part', BENCH_PARTS),
    threads: [...new Set(threads)],
    batch: integer(args, 'batch', { min: 1, max: LARGEST_BATCH }) ?? null,
    profiles: flag(args, 'profile'),
    ...(flag(args, 'quick') ? QUICK : THOROUGH),
  }
}

function readChoices<Allowed extends string>(
  args: CommandArgs,
  name: string,
  allowed: readonly Allowed[],
): readonly Allowed[] {
  const given = text(args, name)
  if (given === undefined) {
    return allowed
  }
  const names = given.split(',')
  const unknown = names.find((one) => !allowed.some((value) => value === one))
  if (unknown !== undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `--${name} takes ${allowed.join(', ')} with commas between, got "${unknown}".`,
    )
  }
  return allowed.filter((value) => names.includes(value))
}
