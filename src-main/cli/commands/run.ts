import { DATA_ARG, EXIT, flag, JSON_ARG } from '../command-line.ts'
import type { Command } from '../command-line.ts'
import { describeEstimate } from '../describe-estimate.ts'
import { withEngine } from '../open-engine.ts'
import { readRequest } from '../read-request.ts'
import { watchRun } from '../watch-run.ts'

export const runCommand: Command = {
  description: 'Train, search and report, headless',
  example: 'scalenas run micro-pose --dataset ~/people --set search.generations=3 --json',
  args: {
    preset: { type: 'positional', required: true, description: 'Name of a preset, or a FILE.json' },
    dataset: {
      type: 'string',
      valueHint: 'DIR',
      description: 'Folder of a real dataset; its format is found out',
    },
    detections: {
      type: 'string',
      valueHint: 'FILE',
      description: 'COCO result file of person boxes to score the report with (needs pose.metric=ap)',
    },
    'start-weights': {
      type: 'string',
      valueHint: 'FILE',
      description:
        'Weights that the teacher starts with, by name: ImageNet’s, or a pose super-network’s for bottom-up pose',
    },
    set: {
      type: 'string',
      valueHint: 'KEY=VALUE',
      description: 'Changes one field of the configuration; may be repeated',
    },
    name: { type: 'string', valueHint: 'TEXT', description: 'Name in lists (default: the preset)' },
    seed: {
      type: 'string',
      valueHint: 'N',
      description: 'Seed of everything random (default: the preset’s)',
    },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  repeated: ['set'],
  run: (args, context) =>
    withEngine(args, context, async (services) => {
      const request = await readRequest(args, services)
      if (context.interrupted.aborted) {
        return EXIT.interrupted
      }
      context.terminal.err(describeEstimate(await services.runs.estimate(request)))
      const { id } = await services.runs.start(request)
      context.terminal.err(`run ${id} started`)
      return watchRun(services, { runId: id, afterSeq: 0, isJson: flag(args, 'json') }, context)
    }),
}
