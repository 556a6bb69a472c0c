import { setTimeout as sleep } from 'node:timers/promises'
import {
  EngineError,
  FINE_TUNE_EPOCHS,
  fromErrorInfo,
  MOST_FINE_TUNE_EPOCHS,
  protocolText,
} from '../../contract/index.ts'
import type { FineTuneResult, SplitAccuracies, TaskKind } from '../../contract/index.ts'
import type { EngineServices } from '../../engine/services/engine-services.ts'
import { DATA_ARG, EXIT, flag, integer, JSON_ARG, requireText } from '../command-line.ts'
import type { Command, CommandContext } from '../command-line.ts'
import { findCandidateId } from '../find-candidate.ts'
import { withEngine } from '../open-engine.ts'

const POLL_MS = 400

export const fineTuneCommand: Command = {
  description: 'Train a candidate on its own from its inherited weights (pose), and show both scores',
  example: 'scalenas fine-tune r-7f3k9a2m:12 --epochs 20',
  args: {
    candidate: {
      type: 'positional',
      required: true,
      description: 'Id of a candidate (r-…:12) or of a genotype (12 hex digits) in the data folder',
    },
    epochs: {
      type: 'string',
      valueHint: `1-${String(MOST_FINE_TUNE_EPOCHS)}`,
      description: `Three quarters at 1e-4, the rest at 1e-5 (default: ${String(FINE_TUNE_EPOCHS)})`,
    },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  run(args, context) {
    // Before an engine is opened: a wrong request is answered at once.
    const epochs = integer(args, 'epochs', { min: 1, max: MOST_FINE_TUNE_EPOCHS }) ?? FINE_TUNE_EPOCHS
    return withEngine(args, context, async (services) => {
      const id = await findCandidateId(requireText(args, 'candidate'), services)
      const result = await fineTune(services, { id, epochs }, context)
      const { task } = (await services.candidates.get(id)).genotype
      context.terminal.out(flag(args, 'json') ? JSON.stringify(result, null, 2) : describe(result, task))
      return EXIT.done
    })
  },
}

/** @throws EngineError as the job's, STOPPED after Ctrl+C. */
async function fineTune(
  { candidates }: EngineServices,
  request: { readonly id: string; readonly epochs: number },
  { terminal, interrupted }: CommandContext,
): Promise<FineTuneResult> {
  let status = await candidates.fineTune(request)
  let shown = ''
  while (status.running !== null) {
    if (interrupted.aborted) {
      terminal.err('stopping the fine-tune (Ctrl+C again ends at once) …')
      status = await candidates.stopFineTuning(request.id)
      continue
    }
    const { note } = status.running
    if (note !== shown) {
      terminal.err(`fine-tuning ${request.id}: ${note}`)
      shown = note
    }
    await sleep(POLL_MS)
    status = await candidates.fineTuning(request.id)
  }
  if (status.error !== null) {
    throw fromErrorInfo(status.error)
  }
  if (status.result === null) {
    throw new EngineError('INTERNAL', `The fine-tune of ${request.id} ended without a result.`)
  }
  return status.result
}

function describe({ samples, inherited, fineTuned, ...rest }: FineTuneResult, task: TaskKind): string {
  const line = (name: string, { search, report }: SplitAccuracies): string =>
    `  ${name.padEnd(10)}  search ${percent(search)}  report ${percent(report)}`
  return [
    `${rest.genotypeId} (${rest.candidateId}): ${rest.metricName} on ${String(samples.search)} search and ${String(samples.report)} report samples`,
    line('inherited', inherited),
    line('fine-tuned', fineTuned),
    ...Object.values(rest.protocols ?? {}).map((protocol) => protocolText(protocol, task)),
    `epoch ${String(rest.bestEpoch)} of ${String(rest.epochs.length)} is kept, the best on the search split; it is in ${rest.folder}`,
  ].join('\n')
}

function percent(value: number): string {
  return `${(100 * value).toFixed(3)}%`
}
