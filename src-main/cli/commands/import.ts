import { toGigaMacs } from '../../nas/cost.ts'
import { officialSpace } from '../../nas/search-space.ts'
import { EXIT, flag, JSON_ARG, requireText } from '../command-line.ts'
import type { Command } from '../command-line.ts'
import { importEvolutionLog } from '../import-evolution-log.ts'
import type { ImportedLog } from '../import-evolution-log.ts'
import { readShape, readTask, TASK_HINT } from '../inspect-subject.ts'
import { formatTable } from '../run-result.ts'

export const importCommand: Command = {
  description: 'Read a search log of the reference release, with the genotype files beside it, as candidates',
  example: 'scalenas import evolution.log --task segmentation --width 32 --input 1024x2048 --json',
  args: {
    log: {
      type: 'positional',
      required: true,
      description: 'Text file of lines "mask_17 PARAMS GFLOPS SCORE"',
    },
    task: { type: 'string', valueHint: TASK_HINT, description: 'What was searched' },
    width: { type: 'string', valueHint: 'W', description: 'Channels of branch 0 (default: 32)' },
    input: {
      type: 'string',
      valueHint: 'HxW',
      description: 'Input size of the costs (default: 256x192 for pose, 1024x2048 for segmentation)',
    },
    joints: { type: 'string', valueHint: 'K', description: 'Outputs of a pose network (default: 17)' },
    classes: {
      type: 'string',
      valueHint: 'C',
      description: 'Outputs of a segmentation network (default: 19)',
    },
    'clear-late': {
      type: 'boolean',
      description: 'Clear fusions into branches that have ended, instead of refusing the genotype',
    },
    ...JSON_ARG,
  },
  async run(args, { terminal }) {
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
    terminal.out(flag(args, 'json') ? JSON.stringify(imported, null, 2) : describe(imported))
    return imported.candidates.length === 0 ? EXIT.failed : EXIT.done
  },
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
