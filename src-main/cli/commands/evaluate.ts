import { resolve } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import { evaluateKeypoints } from '../../engine/evaluate/evaluate-keypoints.ts'
import { evaluateSegmentation } from '../../engine/evaluate/evaluate-segmentation.ts'
import { readJsonFile } from '../../engine/evaluate/read-json-file.ts'
import { readSigmas } from '../../engine/evaluate/sigma-sets.ts'
import { EXIT, flag, integer, JSON_ARG, requireText, text } from '../command-line.ts'
import type { Command, CommandArgs, CommandContext } from '../command-line.ts'
import {
  describeKeypoints,
  describeSegmentation,
  keypointReport,
  segmentationReport,
} from '../evaluation-report.ts'

const IGNORE_LABEL = 255
const LARGEST_LABEL = 65_535
/** The confusion matrix of more would not fit into memory. */
const MOST_CLASSES = 4096
const LINE_EVERY_MS = 2000

export const evaluateCommand: Command = {
  description: 'Score detections or label maps of any program: COCO and CrowdPose AP, IoU',
  example:
    'scalenas evaluate keypoints --gt person_keypoints_val2017.json --dt detections.json\n' +
    '         scalenas evaluate segmentation --gt labels/ --pred predictions/ --classes 19',
  args: {
    what: { type: 'positional', required: true, description: 'keypoints or segmentation' },
    gt: {
      type: 'string',
      valueHint: 'FILE|DIR',
      description: 'Truth: a COCO key-point JSON, or a folder of index PNGs',
    },
    dt: { type: 'string', valueHint: 'FILE', description: 'keypoints: detections in COCO’s result format' },
    sigmas: {
      type: 'string',
      valueHint: 'coco17|crowdpose14|wholebody133|FILE|N,N,…',
      description:
        'keypoints: falloff per joint (default: by the number of joints). crowdpose14 and wholebody133 follow xtcocotools, all else pycocotools',
    },
    areas: {
      type: 'string',
      valueHint: 'annotated|box',
      description:
        'keypoints: areas of the truth, or 0.53 · width · height (default: annotated; box for crowdpose14)',
    },
    pred: {
      type: 'string',
      valueHint: 'DIR',
      description:
        'segmentation: index PNGs under the same relative path as the truth, the extension aside; else the only one of that file name',
    },
    classes: { type: 'string', valueHint: 'C', description: 'segmentation: labels are 0 to C-1' },
    ignore: {
      type: 'string',
      valueHint: 'LABEL',
      description: `segmentation: truth that does not count (default: ${String(IGNORE_LABEL)})`,
    },
    ...JSON_ARG,
  },
  run(args, context) {
    const what = requireText(args, 'what')
    switch (what) {
      case 'keypoints':
        return runKeypoints(args, context)
      case 'segmentation':
        return runSegmentation(args, context)
      default:
        throw new EngineError('BAD_REQUEST', `"evaluate" knows keypoints and segmentation, got "${what}".`)
    }
  },
}

async function runKeypoints(args: CommandArgs, { terminal }: CommandContext): Promise<number> {
  refuseOptions(args, 'keypoints', ['pred', 'classes', 'ignore'])
  const truthFile = requireOption(args, 'gt', 'a COCO key-point JSON')
  const detectionFile = requireOption(args, 'dt', 'a JSON list of detections')
  const areas = readAreas(args)
  const given = text(args, 'sigmas')
  const sigmas = given === undefined ? null : await readSigmas(given)
  terminal.err(`reading ${truthFile}`)
  const truth = await readJsonFile(truthFile)
  terminal.err(`reading ${detectionFile}`)
  const detections = await readJsonFile(detectionFile)
  const evaluation = evaluateKeypoints({ truth, detections, sigmas, areas })
  evaluation.notes.forEach(terminal.err)
  terminal.out(
    flag(args, 'json') ? JSON.stringify(keypointReport(evaluation), null, 2) : describeKeypoints(evaluation),
  )
  return EXIT.done
}

async function runSegmentation(
  args: CommandArgs,
  { terminal, interrupted }: CommandContext,
): Promise<number> {
  refuseOptions(args, 'segmentation', ['dt', 'sigmas', 'areas'])
  const classes = integer(args, 'classes', { min: 1, max: MOST_CLASSES })
  if (classes === undefined) {
    throw new EngineError('BAD_REQUEST', '--classes is missing: the number of classes.')
  }
  const options = {
    truthFolder: requireOption(args, 'gt', 'a folder of index PNGs'),
    predictionFolder: requireOption(args, 'pred', 'a folder of index PNGs'),
    classes,
    ignoreLabel: integer(args, 'ignore', { min: 0, max: LARGEST_LABEL }) ?? IGNORE_LABEL,
  }
  let shownAt = performance.now()
  const evaluation = await evaluateSegmentation({
    ...options,
    signal: interrupted,
    onProgress: (done, total) => {
      if (performance.now() - shownAt >= LINE_EVERY_MS) {
        shownAt = performance.now()
        terminal.err(`${String(done)} of ${String(total)} label maps`)
      }
    },
  })
  evaluation.notes.forEach(terminal.err)
  terminal.out(
    flag(args, 'json')
      ? JSON.stringify(segmentationReport(evaluation, options), null, 2)
      : describeSegmentation(evaluation, options),
  )
  return EXIT.done
}

function readAreas(args: CommandArgs): 'annotated' | 'box' | null {
  const given = text(args, 'areas')
  if (given === undefined || given === 'annotated' || given === 'box') {
    return given ?? null
  }
  throw new EngineError('BAD_REQUEST', `--areas must be annotated or box, got "${given}".`)
}

function requireOption(args: CommandArgs, name: string, what: string): string {
  const value = text(args, name)
  if (value === undefined) {
    throw new EngineError('BAD_REQUEST', `--${name} is missing: ${what}.`)
  }
  return resolve(value)
}

function refuseOptions(args: CommandArgs, what: string, names: readonly string[]): void {
  const given = names.find((name) => args[name] !== undefined)
  if (given !== undefined) {
    throw new EngineError('BAD_REQUEST', `--${given} is no option of "evaluate ${what}".`)
  }
}
