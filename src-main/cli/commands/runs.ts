import { DAMAGED_ROW, shortProtocolText } from '../../contract/index.ts'
import type { ConfigSource, ImportedFacts, RunConfig, RunSummary } from '../../contract/index.ts'
import { DATA_ARG, EXIT, flag, JSON_ARG, requireText, text } from '../command-line.ts'
import type { Command } from '../command-line.ts'
import { valueAt } from '../../engine/configure/schema-problems.ts'
import { resolveDataFolder } from '../../engine/find-engine.ts'
import { describeUnnamed, listUnnamedFolders } from '../../engine/restore/restore-folders.ts'
import { describePlan } from '../../engine/calibration/describe-calibration.ts'
import { withEngine } from '../open-engine.ts'
import { describeResult, formatTable, readResult } from '../run-result.ts'
import { watchRun } from '../watch-run.ts'

const RUN_ARG = { run: { type: 'positional', required: true, description: 'Id of a run, r-…' } } as const

export const resumeCommand: Command = {
  description: 'Go on with a run that was stopped, interrupted or failed',
  example: 'scalenas resume r-7f3k9a2m --json',
  args: { ...RUN_ARG, ...DATA_ARG, ...JSON_ARG },
  run: (args, context) =>
    withEngine(args, context, async (services) => {
      const runId = requireText(args, 'run')
      const { attempts } = await services.runs.get(runId)
      await services.runs.resume(runId)
      context.terminal.err(`run ${runId} goes on, attempt ${String(attempts.length + 1)}`)
      return watchRun(services, { runId, afterSeq: null, isJson: flag(args, 'json') }, context)
    }),
}

export const runsCommand: Command = {
  description: 'List the runs',
  example: 'scalenas runs --json',
  args: { ...DATA_ARG, ...JSON_ARG },
  run: (args, context) =>
    withEngine(args, context, async (services) => {
      const runs = await services.runs.list()
      context.terminal.out(flag(args, 'json') ? JSON.stringify(runs, null, 2) : describeRuns(runs))
      for (const { error } of runs) {
        if (error?.details.includes(DAMAGED_ROW) === true) {
          context.terminal.err(`${error.message} ${DAMAGED_ROW}`)
        }
      }
      const known = runs.map(({ id }) => id)
      const unnamed = describeUnnamed(listUnnamedFolders(resolveDataFolder(text(args, 'data')), known))
      if (unnamed !== null) {
        context.terminal.err(unnamed)
      }
      return EXIT.done
    }),
}

export const showCommand: Command = {
  description: 'Show the front, scores, attempts and configuration of a run',
  example: 'scalenas show r-7f3k9a2m',
  args: { ...RUN_ARG, ...DATA_ARG, ...JSON_ARG },
  run: (args, context) =>
    withEngine(args, context, async (services) => {
      const runId = requireText(args, 'run')
      const details = await services.runs.get(runId)
      const result = await readResult(services, runId)
      context.terminal.out(
        flag(args, 'json')
          ? JSON.stringify({ ...result, run: details }, null, 2)
          : [
              describeResult(result, details.metricName),
              ...describeImport(details.imported),
              ...(details.computePlan === null ? [] : describePlan(details.computePlan)),
              '',
              ...describeConfig(details),
            ].join('\n'),
      )
      if (result.error !== null) {
        context.terminal.err([result.error.message, ...result.error.details].join('\n  '))
      }
      return EXIT.done
    }),
}

export const stopCommand: Command = {
  description: 'Stop a run after its next checkpoint',
  example: 'scalenas stop r-7f3k9a2m',
  args: { ...RUN_ARG, ...DATA_ARG, ...JSON_ARG },
  run: (args, context) =>
    withEngine(args, context, async (services) => {
      const summary = await services.runs.stop(requireText(args, 'run'))
      const { id, status } = summary
      context.terminal.out(flag(args, 'json') ? JSON.stringify(summary, null, 2) : `run ${id}: ${status}`)
      return EXIT.done
    }),
}

export const deleteCommand: Command = {
  description: 'Delete a run with its checkpoints, curves and predictions',
  example: 'scalenas delete r-7f3k9a2m',
  args: { ...RUN_ARG, ...DATA_ARG, ...JSON_ARG },
  run: (args, context) =>
    withEngine(args, context, async (services) => {
      const id = requireText(args, 'run')
      await services.runs.delete(id)
      context.terminal.out(flag(args, 'json') ? JSON.stringify({ deleted: id }) : `run ${id} is deleted`)
      return EXIT.done
    }),
}

/** Every value that decides the run's numbers with its reason; what the run never reads is left out. */
function describeConfig({
  config,
  configSources,
}: {
  readonly config: RunConfig
  readonly configSources: readonly ConfigSource[]
}): string[] {
  const rows = configSources
    .filter(({ kind }) => kind !== 'unused')
    .map(({ path, kind, source }) => [
      `${kind === 'override' || kind === 'other-preset' ? '*' : ' '} ${path}`,
      JSON.stringify(valueAt(config, path.split('.'))),
      source,
    ])
  const width = (column: number) => Math.max(...rows.map((row) => (row[column] ?? '').length))
  return [
    'configuration (* = not as the preset)',
    ...rows.map(
      ([path = '', value = '', source = '']) =>
        `${path.padEnd(width(0))}  ${value.padEnd(width(1))}  ${source}`,
    ),
  ]
}

/** What an import left out and where its costs differ. */
function describeImport(imported: ImportedFacts | null): string[] {
  return imported === null
    ? []
    : [
        `imported from ${imported.log}: how its scores were measured is not recorded; it cannot be resumed, trained or exported`,
        ...imported.warnings.map((text) => `warning: ${text}`),
        ...imported.leftOut.map((text) => `left out: ${text}`),
        ...(imported.unscored.length === 0
          ? []
          : [`${String(imported.unscored.length)} genotypes without a score`]),
      ]
}

function describeRuns(runs: readonly RunSummary[]): string {
  if (runs.length === 0) {
    return 'There is no run yet. Start one with "scalenas run micro-pose".'
  }
  const rows = runs.map((run) => [
    run.id,
    run.status,
    `${String(Math.floor(run.progress * 100))}%`,
    run.bestAccuracy === null ? '-' : `${(100 * run.bestAccuracy).toFixed(2)}%`,
    run.metricName,
    run.protocol === null ? '-' : shortProtocolText(run.protocol, run.task),
    run.datasetName,
    run.name,
  ])
  const head = ['run', 'status', 'done', 'best', 'metric', 'scored on', 'dataset', 'name']
  return formatTable([head, ...rows]).join('\n')
}
