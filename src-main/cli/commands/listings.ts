import { resolve } from 'node:path'
import { DATASET_FORMATS, EngineError, showField } from '../../contract/index.ts'
import type { DatasetFacts, DatasetFormat, Preset, RegisteredDataset } from '../../contract/index.ts'
import { DATA_ARG, displayName, EXIT, flag, JSON_ARG, requireText, text } from '../command-line.ts'
import type { Command, CommandArgs, CommandContext } from '../command-line.ts'
import { withEngine } from '../open-engine.ts'
import { formatTable } from '../run-result.ts'

export const presetsCommand: Command = {
  description: 'List the presets',
  example: 'scalenas presets',
  args: { ...DATA_ARG, ...JSON_ARG },
  run: (args, context) =>
    withEngine(args, context, async (services) => {
      const presets = await services.presets.list()
      context.terminal.out(flag(args, 'json') ? JSON.stringify(presets, null, 2) : describePresets(presets))
      return EXIT.done
    }),
}

export const datasetsCommand: Command = {
  description: 'List the registered datasets, or add a folder',
  example: 'scalenas datasets add ~/camvid --format camvid',
  args: {
    action: { type: 'positional', required: false, description: '"add", or nothing for the list' },
    path: { type: 'positional', required: false, description: 'Folder to add' },
    format: {
      type: 'string',
      valueHint: DATASET_FORMATS.join('|'),
      description: 'Default: found out from the folder',
    },
    name: { type: 'string', valueHint: 'TEXT', description: 'Name in lists' },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  run: (args, context) => {
    const action = text(args, 'action')
    if (action === undefined) {
      return listDatasets(args, context)
    }
    if (action !== 'add') {
      throw new EngineError('BAD_REQUEST', `"datasets" knows "add", got "${action}".`)
    }
    return addDataset(args, context)
  },
}

function listDatasets(args: CommandArgs, context: CommandContext): Promise<number> {
  return withEngine(args, context, async (services) => {
    const datasets = await services.datasets.list()
    context.terminal.out(flag(args, 'json') ? JSON.stringify(datasets, null, 2) : describeDatasets(datasets))
    return EXIT.done
  })
}

function addDataset(args: CommandArgs, context: CommandContext): Promise<number> {
  const path = resolve(requireText(args, 'path'))
  const format = readFormat(text(args, 'format'))
  const name = displayName(args, 'name')
  return withEngine(args, context, async (services) => {
    const added = await services.datasets.add({ path, format, ...(name === undefined ? {} : { name }) })
    context.terminal.out(flag(args, 'json') ? JSON.stringify(added, null, 2) : describeFacts(added.facts))
    return EXIT.done
  })
}

function readFormat(given: string | undefined): DatasetFormat | null {
  const format = DATASET_FORMATS.find((name) => name === given)
  if (given !== undefined && format === undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `--format must be one of ${DATASET_FORMATS.join(', ')}, got "${given}".`,
    )
  }
  return format ?? null
}

function describePresets(presets: readonly Preset[]): string {
  return presets
    .map(({ name, title, description, source }) => `${name}\n  ${title}: ${description}\n  ${source}`)
    .join('\n')
}

function describeDatasets(datasets: readonly RegisteredDataset[]): string {
  if (datasets.length === 0) {
    return 'No dataset is registered. Add one with "scalenas datasets add FOLDER"; drawn figures need none.'
  }
  const rows = datasets.map(({ id, name, path, facts }) => [id, facts.task, facts.format, name, path])
  return formatTable([['id', 'task', 'format', 'name', 'folder'], ...rows]).join('\n')
}

export function describeFacts(facts: DatasetFacts): string {
  const { train, search, report } = facts.splits
  return [
    `${facts.name}: ${facts.task}, format ${facts.format}`,
    ...facts.found,
    `splits: ${String(train)} train, ${String(search)} search, ${String(report)} report`,
    ...facts.leftOut.map(
      ({ reason, count, example }) => `left out ${String(count)}: ${reason} (for example ${example})`,
    ),
    ...facts.warnings.map((warning) => `warning: ${warning}`),
  ]
    .map(showField)
    .join('\n')
}
