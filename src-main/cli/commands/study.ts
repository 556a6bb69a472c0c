import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EngineError } from '../../contract/index.ts'
import { LocalExecutor } from '../../engine/executors/local-executor.ts'
import { resolveDataFolder } from '../../engine/find-engine.ts'
import { runStudy } from '../../engine/studies/run-study.ts'
import type { StudyRequest } from '../../engine/studies/run-study.ts'
import { STUDY_BUDGETS } from '../../engine/studies/study-budget.ts'
import { STUDY_NAMES } from '../../engine/studies/study.types.ts'
import type { StudyName } from '../../engine/studies/study.types.ts'
import { DATA_ARG, EXIT, flag, JSON_ARG, requireOneOf, text, texts } from '../command-line.ts'
import type { Command, CommandArgs } from '../command-line.ts'
import { describeStudy } from '../describe-study.ts'
import { readSetting } from '../read-request.ts'
import { createStudyProgress } from '../study-progress.ts'

const LARGEST_SEED = 2 ** 31 - 1
const RIVALS = ['uniform', 'sandwich'] as const
/** Each seed is a training; for evolution it is one search on the same super-network, so a third costs little. */
const DEFAULT_SEEDS: Readonly<Record<StudyName, string>> = {
  sampling: '1,2',
  rank: '1,2',
  fusion: '1,2',
  evolution: '1,2,3',
  recalibration: '1,2',
}

export const studyCommand: Command = {
  description: `Try a claim of the paper at small scale: ${STUDY_NAMES.join(', ')}`,
  example: 'scalenas study sampling --seeds 1,2 --json',
  args: {
    name: { type: 'positional', required: true, description: STUDY_NAMES.join(' | ') },
    preset: {
      type: 'string',
      valueHint: 'NAME',
      description: 'Preset (default: micro-pose, for a segmentation dataset micro-seg)',
    },
    dataset: {
      type: 'string',
      valueHint: 'DIR',
      description: 'Folder of a real dataset (default: drawn data)',
    },
    seeds: { type: 'string', valueHint: '1,2', description: 'Seeds (default: 1,2; for evolution 1,2,3)' },
    budget: {
      type: 'string',
      valueHint: STUDY_BUDGETS.join('|'),
      description: 'small: what the protocols ask for; tiny: half of it, trained a third as long',
    },
    rival: {
      type: 'string',
      valueHint: RIVALS.join('|'),
      description: 'What grouped sampling is compared with (study sampling only)',
    },
    set: {
      type: 'string',
      valueHint: 'KEY=VALUE',
      description: 'Changes one field of the configuration; may be repeated',
    },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  repeated: ['set'],
  async run(args, { parts, terminal, interrupted }) {
    const request = readStudyRequest(args)
    const progress = createStudyProgress(terminal)
    const executor = new LocalExecutor({ workerEntry: parts.workerEntry })
    try {
      const report = await runStudy(request, {
        ...{ executor, signal: interrupted, onProgress: progress.show, now: () => performance.now() },
        dataFolder: resolveDataFolder(text(args, 'data')),
        presetsFolder: fileURLToPath(new URL('presets/', parts.resourcesFolder)),
        codeVersion: parts.codeVersion,
      })
      progress.end()
      terminal.out(flag(args, 'json') ? JSON.stringify(report, null, 2) : describeStudy(report))
      return EXIT.done
    } finally {
      progress.end()
      await executor.close()
    }
  },
}

export function readStudyRequest(args: CommandArgs): StudyRequest {
  const study = requireOneOf('NAME', text(args, 'name') ?? '', STUDY_NAMES)
  const dataset = text(args, 'dataset')
  const settings = texts(args, 'set').map(readSetting)
  if (settings.some(([path]) => path === 'seed' || path === 'supernet.sampling')) {
    throw new EngineError(
      'BAD_REQUEST',
      'A study sets seed and supernet.sampling itself; use --seeds and --rival.',
    )
  }
  return {
    study,
    seeds: readSeeds(text(args, 'seeds') ?? DEFAULT_SEEDS[study]),
    budget: requireOneOf('--budget', text(args, 'budget') ?? 'small', STUDY_BUDGETS),
    rival: requireOneOf('--rival', text(args, 'rival') ?? 'uniform', RIVALS),
    preset: text(args, 'preset') ?? null,
    datasetFolder: dataset === undefined ? null : resolve(dataset),
    overrides: Object.fromEntries(settings),
    command: describeCommand(study, args),
  }
}

function readSeeds(given: string): readonly number[] {
  const seeds = given.split(',').map(Number)
  const isSeed = (seed: number): boolean => Number.isInteger(seed) && seed >= 0 && seed <= LARGEST_SEED
  if (!seeds.every(isSeed) || given.split(',').includes('') || new Set(seeds).size < seeds.length) {
    throw new EngineError(
      'BAD_REQUEST',
      `--seeds takes different whole numbers from 0 to ${String(LARGEST_SEED)} with commas between, for example 1,2; got "${given}".`,
    )
  }
  return seeds
}

function describeCommand(study: StudyName, args: CommandArgs): string {
  const options = ['preset', 'dataset', 'seeds', 'budget', 'rival'].flatMap((name) => {
    const value = text(args, name)
    return value === undefined ? [] : [`--${name}`, value]
  })
  const settings = texts(args, 'set').flatMap((setting) => ['--set', setting])
  return ['npx scalenas study', study, ...options, ...settings].join(' ')
}
