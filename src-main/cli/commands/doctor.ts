import { toErrorInfo } from '../../contract/index.ts'
import type { DoctorReport } from '../../contract/index.ts'
import { DATA_ARG, EXIT, exitCodeOf, flag, JSON_ARG } from '../command-line.ts'
import type { Command } from '../command-line.ts'
import { withEngine } from '../open-engine.ts'

export const doctorCommand: Command = {
  description: 'Check runtime, backends, GPU, disk, database; a text fit for a bug report',
  example: 'scalenas doctor',
  args: { ...DATA_ARG, ...JSON_ARG },
  async run(args, context) {
    const { report, code } = await withEngine(args, context, async (services) => {
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

/** An engine that does not start is what the doctor is called for, so its reason is the report. */
function reportOf(thrown: unknown, codeVersion: string): DoctorReport {
  const { message, details } = toErrorInfo(thrown)
  const detail = [message, ...details].join('\n')
  return {
    checks: [{ name: 'Engine', status: 'failed', detail, remedy: null }],
    text: `ScaleNAS Studio ${codeVersion}\nfailed  Engine: ${detail}`,
  }
}
