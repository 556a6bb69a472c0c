import { fileURLToPath } from 'node:url'
import { toErrorInfo } from '../../contract/index.ts'
import type { DoctorReport } from '../../contract/index.ts'
import { loadPresets } from '../../engine/configure/presets.ts'
import { LocalExecutor } from '../../engine/executors/local-executor.ts'
import { GPU_TOLERANCES, checkGpu } from '../../engine/services/gpu-check.ts'
import type { GpuCheck, GpuCheckReport } from '../../engine/services/gpu-check.ts'
import { DATA_ARG, EXIT, exitCodeOf, flag, JSON_ARG, text } from '../command-line.ts'
import type { Command, CommandArgs, CommandContext } from '../command-line.ts'
import { withEngine } from '../open-engine.ts'
import { formatTable } from '../run-result.ts'

const DEFAULT_NETWORKS = 'micro-pose,mini-pose'

export const doctorCommand: Command = {
  description: 'Check runtime, backends, GPU, disk, database; a text fit for a bug report',
  example: 'scalenas doctor --calibrate --network mini-pose',
  args: {
    gpu: {
      type: 'boolean',
      description:
        'Train ten steps on every GPU (CUDA, WebGPU) and compare with the CPU; exit code 3 without one',
    },
    calibrate: {
      type: 'boolean',
      description: 'First measure threads and workers anew, which new runs then go by',
    },
    network: {
      type: 'string',
      valueHint: 'A,B',
      description: `Presets whose networks --calibrate measures (default: ${DEFAULT_NETWORKS})`,
    },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  async run(args, context) {
    if (flag(args, 'gpu')) {
      return runGpuCheck(args, context)
    }
    const { report, code } = await withEngine(args, context, async (services) => {
      if (flag(args, 'calibrate')) {
        await services.system.calibrate((text(args, 'network') ?? DEFAULT_NETWORKS).split(','))
      }
      const answer = await services.system.doctor()
      const hasFailure = answer.checks.some((check) => check.status === 'failed')
      return { report: answer, code: hasFailure ? EXIT.failed : EXIT.done }
    }).catch((thrown: unknown) => ({
      report: reportOf(thrown, context.parts.codeVersion),
      code: exitCodeOf(toErrorInfo(thrown)),
    }))
    context.terminal.out(flag(args, 'json') ? JSON.stringify(report, null, 2) : report.text)
    return code
  },
}

async function runGpuCheck(
  args: CommandArgs,
  { parts, terminal, interrupted }: CommandContext,
): Promise<number> {
  const presets = await loadPresets(fileURLToPath(new URL('presets/', parts.resourcesFolder)))
  const executor = new LocalExecutor({ workerEntry: parts.workerEntry })
  try {
    const check = await checkGpu({ executor, presets, signal: interrupted })
    terminal.out(flag(args, 'json') ? JSON.stringify(check, null, 2) : describeGpuCheck(check))
    return check.reports.every(({ hasPassed }) => hasPassed) ? EXIT.done : EXIT.failed
  } finally {
    await executor.close()
  }
}

export function describeGpuCheck({ reports, absences }: GpuCheck): string {
  return [...reports.map(describeReport), ...absences].join('\n\n')
}

function describeReport(report: GpuCheckReport): string {
  const { preset, backend, device, backendVersion, cards, reference, gpuLosses, cpuLosses } = report
  const losses = cpuLosses.map((loss, step) => [
    String(step + 1),
    (gpuLosses[step] ?? Number.NaN).toExponential(5),
    loss.toExponential(5),
  ])
  const listed = cards.length === 0 ? '' : `, cards ${cards.join(', ')}`
  return [
    `${backend} ${backendVersion} on ${device}${listed}; ${preset}, largest network, one batch; the CPU by ${reference}`,
    ...formatTable([['step', 'loss GPU', 'loss CPU'], ...losses]),
    describeDifferences(report),
    report.hasPassed
      ? 'passed: the GPU computes what the CPU computes'
      : 'failed: the GPU computes something else',
  ].join('\n')
}

/** Each difference beside what is allowed. */
function describeDifferences({ differences }: GpuCheckReport): string {
  const { output, nextOutput, firstLosses, losses } = GPU_TOLERANCES
  const off = (difference: number, allowed: number): string =>
    `${difference.toExponential(1)} (allowed ${allowed.toExponential(0)})`
  return [
    `outputs differ by ${off(differences.output, output)} of their range, after a step by ${off(differences.nextOutput, nextOutput)}`,
    `losses differ by ${off(differences.firstLosses, firstLosses)} in the first two steps, by ${off(differences.losses, losses)} in all`,
  ].join('\n')
}

/** An engine that does not start is what the doctor is called for, so its reason is the report. */
function reportOf(thrown: unknown, codeVersion: string): DoctorReport {
  const { message, details } = toErrorInfo(thrown)
  const detail = [message, ...details].join('\n')
  return {
    backends: [],
    checks: [{ name: 'Engine', status: 'failed', detail, remedy: null }],
    text: `ScaleNAS Studio ${codeVersion}\nfailed  Engine: ${detail}`,
  }
}
