import { basename, extname, resolve } from 'node:path'
import { BACKEND_WISHES, EngineError } from '../../contract/index.ts'
import type { PredictFilesJob, PredictFilesResult, PredictImage } from '../../contract/index.ts'
import type { JobEvent } from '../../engine/executors/executor.ts'
import { networkOfCard } from '../../engine/services/card-network.ts'
import type { PredictNetwork } from '../../engine/services/card-network.ts'
import { DATA_ARG, EXIT, flag, JSON_ARG, oneOf, text, texts } from '../command-line.ts'
import type { Command, CommandArgs, CommandContext } from '../command-line.ts'
import { readFileNetwork, runFileJob, UP_FUSIONS } from '../file-network.ts'
import { findCandidateId } from '../find-candidate.ts'
import { TASK_HINT } from '../inspect-subject.ts'
import { withEngine } from '../open-engine.ts'
import { parseBox, readBoxesFile } from '../read-boxes.ts'
import { giveToUser, makeUserFolder } from '../user-files.ts'

const LINE_EVERY_MS = 2000

export const predictCommand: Command = {
  description: 'Answer pictures with a candidate or with weights from a file: overlay PNG and JSON for each',
  example:
    'scalenas predict --candidate r-7f3k9a2m:12 photo.jpg --out answers\n' +
    '         scalenas predict --weights model.safetensors --genotype hrnet --task pose --input 256x192 --box 40,10,120,300 photo.jpg --out answers',
  repeated: ['box'],
  variadic: 'image',
  args: {
    image: { type: 'positional', required: false, description: 'Pictures: JPEG, PNG, WebP, GIF, TIFF' },
    candidate: {
      type: 'string',
      valueHint: 'ID',
      description: 'Candidate (r-…:12) or genotype (12 hex digits) in the data folder',
    },
    weights: {
      type: 'string',
      valueHint: 'FILE',
      description: '.safetensors, .npz or .pth, instead of a candidate',
    },
    genotype: {
      type: 'string',
      valueHint: 'G',
      description: 'With --weights: smallest, hrnet, largest, a .json or .npy file, or an id',
    },
    task: {
      type: 'string',
      valueHint: TASK_HINT,
      description: 'With --weights, unless the genotype is an id',
    },
    input: {
      type: 'string',
      valueHint: 'HxW',
      description:
        'With --weights: input of the network (default: 256x192 for pose, 1024x2048 for segmentation)',
    },
    joints: { type: 'string', valueHint: 'K', description: 'With --weights: checked against them' },
    classes: { type: 'string', valueHint: 'C', description: 'With --weights: checked against them' },
    out: { type: 'string', valueHint: 'DIR', description: 'Folder for the answers; made if it is not there' },
    box: {
      type: 'string',
      valueHint: 'X,Y,W,H',
      description: 'Pose: a person in every picture; may be repeated (default: the whole picture)',
    },
    boxes: {
      type: 'string',
      valueHint: 'FILE',
      description: 'Pose: JSON { "picture.jpg": [[x, y, w, h], …] } or a list of { file_name, bbox }',
    },
    flip: {
      type: 'boolean',
      description:
        'Average with the mirrored picture (default: as the candidate was scored; pose yes, segmentation no)',
    },
    backend: {
      type: 'string',
      valueHint: BACKEND_WISHES.join('|'),
      description: 'What computes (default: auto)',
    },
    'up-fusion': {
      type: 'string',
      valueHint: UP_FUSIONS.join('|'),
      description: 'With --weights: how up-fusions enlarge (default: nearest)',
    },
    'fold-norms': {
      type: 'boolean',
      description:
        'Fold batch norms into the convolutions: faster, within 1e-4 of the largest output (default: yes; --no-fold-norms)',
    },
    'hrnet-names': { type: 'boolean', description: 'The weights are HRNet’s' },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  async run(args, context) {
    const images = await readImages(args)
    const out = text(args, 'out')
    if (out === undefined) {
      throw new EngineError('BAD_REQUEST', '--out is missing: the folder for the answers.')
    }
    const network = await readNetwork(args, context)
    if (network.task !== 'pose' && images.some(({ boxes }) => boxes !== null)) {
      throw new EngineError(
        'BAD_REQUEST',
        `--box and --boxes are for pose; the network is for ${network.task}.`,
      )
    }
    await makeAnswerFolder(resolve(out), context)
    const result = await runJob(
      {
        kind: 'predict-files',
        ...network,
        foldsNorms: args['fold-norms'] !== false,
        images,
        outputFolder: resolve(out),
      },
      args,
      context,
    )
    const { refused, written } = result
    await giveToUser(
      written.flatMap(({ outputs }) => outputs),
      context,
    )
    refused.forEach(({ file, reason }) => {
      context.terminal.err(`refused ${file}: ${reason}`)
    })
    context.terminal.out(
      flag(args, 'json')
        ? JSON.stringify({ folder: resolve(out), ...result }, null, 2)
        : [
            ...written.flatMap(({ outputs }) => outputs),
            `${String(written.length)} of ${String(images.length)} pictures answered`,
          ].join('\n'),
    )
    return refused.length === 0 ? EXIT.done : EXIT.failed
  },
}

async function makeAnswerFolder(out: string, context: CommandContext): Promise<void> {
  try {
    await makeUserFolder(out, context)
  } catch (thrown) {
    throw new EngineError('STORAGE', `${out} cannot be made: ${String(thrown)}`)
  }
}

function readNetwork(args: CommandArgs, context: CommandContext): Promise<PredictNetwork> {
  const candidate = text(args, 'candidate')
  const weights = text(args, 'weights')
  if ((candidate === undefined) === (weights === undefined)) {
    throw new EngineError('BAD_REQUEST', 'Give either --candidate ID or --weights FILE with --genotype G.')
  }
  return candidate === undefined
    ? readWeights(args, weights ?? '', context)
    : readCandidate(args, candidate, context)
}

/** The candidate is written as a network of its own, with recalibrated statistics, as `export` does. */
function readCandidate(
  args: CommandArgs,
  candidate: string,
  context: CommandContext,
): Promise<PredictNetwork> {
  return withEngine(args, context, async (services) => {
    const id = await findCandidateId(candidate, services)
    context.terminal.err(`preparing ${id}: recalibrate, write, read back, score`)
    const { folder, card } = await services.candidates.export({
      id,
      format: 'safetensors',
      dropsDeadLayers: false,
    })
    const network = networkOfCard(folder, card)
    return { ...network, flipTest: readFlip(args) ?? network.flipTest }
  })
}

async function readWeights(
  args: CommandArgs,
  weights: string,
  context: CommandContext,
): Promise<PredictNetwork> {
  const { network, shape } = await readFileNetwork(args, context)
  return {
    ...network,
    baseWidth: null,
    weightsFile: resolve(weights),
    ...{ inputHeight: shape.inputHeight, inputWidth: shape.inputWidth },
    flipTest: readFlip(args) ?? shape.task !== 'segmentation',
    ...{ skeleton: null, classes: null, grouping: null },
  }
}

function readFlip(args: CommandArgs): boolean | null {
  const given = args['flip']
  return typeof given === 'boolean' ? given : null
}

/** Two pictures of one name get different names for their answers. */
async function readImages(args: CommandArgs): Promise<PredictImage[]> {
  const files = texts(args, 'image')
  if (files.length === 0) {
    throw new EngineError('BAD_REQUEST', 'IMAGE is missing: at least one picture.')
  }
  const given = texts(args, 'box').map(parseBox)
  const boxesFile = text(args, 'boxes')
  const boxesOf = boxesFile === undefined ? () => null : await readBoxesFile(boxesFile)
  const taken = new Map<string, number>()
  return files.map((file) => {
    const stem = basename(file, extname(file))
    const count = (taken.get(stem) ?? 0) + 1
    taken.set(stem, count)
    const boxes = [...given, ...(boxesOf(file) ?? [])]
    return {
      file: resolve(file),
      name: count === 1 ? stem : `${stem}-${String(count)}`,
      boxes: boxes.length === 0 ? null : boxes,
    }
  })
}

function runJob(
  job: PredictFilesJob,
  args: CommandArgs,
  context: CommandContext,
): Promise<PredictFilesResult> {
  let shownAt = performance.now()
  const onEvent = (event: JobEvent): void => {
    if (event.kind === 'progressed' && performance.now() - shownAt >= LINE_EVERY_MS) {
      shownAt = performance.now()
      context.terminal.err(`${String(event.done)} of ${String(event.total)} pictures`)
    }
  }
  return runFileJob(
    job,
    { lane: 'predict', backend: oneOf(BACKEND_WISHES, args, 'backend'), onEvent },
    context,
  )
}
