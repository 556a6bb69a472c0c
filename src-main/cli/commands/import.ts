import { basename, resolve } from 'node:path'
import { showField } from '../../contract/index.ts'
import type { ImportRequest } from '../../contract/index.ts'
import { toGigaMacs } from '../../nas/cost.ts'
import { fromGenotypeJson, genotypeKey } from '../../nas/genotype.ts'
import { officialSpace } from '../../nas/search-space.ts'
import { DATA_ARG, displayName, EXIT, flag, JSON_ARG, requireText } from '../command-line.ts'
import type { Command } from '../command-line.ts'
import { importEvolutionLog } from '../import-evolution-log.ts'
import type { ImportedLog, ImportOptions } from '../import-evolution-log.ts'
import { OUTPUT_ARGS, readShape, readTask, TASK_HINT, WIDTH_ARG } from '../inspect-subject.ts'
import { withEngine } from '../open-engine.ts'
import { formatTable } from '../run-result.ts'

const LONGEST_NAME = 80

export const importCommand: Command = {
  description:
    'Store a search log of the reference release, with the genotype files beside it, as a run of imported candidates',
  example: 'scalenas import evolution.log --task segmentation --width 32 --input 1024x2048 --json',
  args: {
    log: {
      type: 'positional',
      required: true,
      description: 'Text file of lines "mask_17 PARAMS GFLOPS SCORE"',
    },
    task: { type: 'string', valueHint: TASK_HINT, description: 'What was searched' },
    ...WIDTH_ARG,
    input: {
      type: 'string',
      valueHint: 'HxW',
      description: 'Input size of the costs (default: 256x192 for pose, 1024x2048 for segmentation)',
    },
    ...OUTPUT_ARGS,
    name: { type: 'string', valueHint: 'NAME', description: 'Name of the run (default: the log file)' },
    'dry-run': { type: 'boolean', description: 'Only read and print, store nothing' },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  async run(args, context) {
    const { terminal } = context
    const log = requireText(args, 'log')
    const task = readTask(args)
    const options = {
      space: officialSpace(task),
      shape: readShape(args, task),
      clearLate: flag(args, 'clear-late'),
    }
    const imported = await importEvolutionLog(log, options)
    imported.leftOut.forEach((reason) => terminal.err(`left out: ${reason}`))
    if (imported.unscored.length > 0) {
      terminal.err(`${imported.unscored.length} genotypes have no score`)
    }
    const isStored = imported.candidates.length > 0 && !flag(args, 'dry-run')
    const stored = isStored
      ? await withEngine(args, context, (services) =>
          services.runs.import(
            toRequest(imported, log, displayName(args, 'name') ?? showField(basename(log)), options),
          ),
        )
      : null
    const run = stored === null ? null : { id: stored.run.id, isNew: stored.isNew }
    const lines = [describe(imported), ...(run === null ? [] : [describeStored(run)])]
    terminal.out(flag(args, 'json') ? JSON.stringify({ ...imported, run }, null, 2) : lines.join('\n'))
    return imported.candidates.length === 0 ? EXIT.failed : EXIT.done
  },
}

function toRequest(
  { candidates, unscored, leftOut }: ImportedLog,
  log: string,
  name: string,
  { space, shape }: ImportOptions,
): ImportRequest {
  const { task, outputs, ...network } = shape
  return {
    ...{ name: name.slice(0, LONGEST_NAME), task, network, outputs, log: resolve(log) },
    unscored: [...unscored],
    leftOut: [...leftOut],
    candidates: candidates.map((candidate) => ({
      name: candidate.name,
      genotypeKey: genotypeKey(fromGenotypeJson(space, candidate.genotype)),
      accuracy: candidate.accuracy,
      warnings: [...candidate.warnings],
    })),
  }
}

function describeStored({ id, isNew }: { readonly id: string; readonly isNew: boolean }): string {
  return isNew ? `stored as run ${id}` : `this log with these genotypes is stored already, as run ${id}`
}

function describe({ candidates }: ImportedLog): string {
  const rows = candidates
    .toSorted((a, b) => a.macs - b.macs)
    .map(({ name, genotypeId, accuracy, macs, params }) => [
      name,
      genotypeId,
      accuracy.toFixed(4),
      toGigaMacs(macs).toFixed(3),
      (params / 1e6).toFixed(3),
    ])
  const warnings = candidates.flatMap(({ name, warnings: found }) => found.map((text) => `${name}: ${text}`))
  return [
    ...formatTable([['name', 'genotype', 'accuracy', 'mult-adds / 2^30', 'params M'], ...rows]),
    ...warnings,
    `${candidates.length} candidates; how their scores were measured is not recorded (protocol: imported)`,
  ].join('\n')
}
