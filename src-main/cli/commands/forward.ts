import { resolve } from 'node:path'
import { BACKEND_WISHES, EngineError } from '../../contract/index.ts'
import type { ForwardJob, ForwardResult } from '../../contract/index.ts'
import { DATA_ARG, EXIT, flag, integer, JSON_ARG, oneOf, text } from '../command-line.ts'
import type { Command, CommandArgs, CommandContext } from '../command-line.ts'
import { LARGEST_COUNT, readFileNetwork, runFileJob, UP_FUSIONS } from '../file-network.ts'
import { TASK_HINT } from '../inspect-subject.ts'
import { giveToUser } from '../user-files.ts'

const WIDTH_RANGE = { min: 1, max: LARGEST_COUNT }
const MOST_NAMES_LISTED = 20

export const forwardCommand: Command = {
  description: 'One inference from files: images, weights and an architecture in, heat maps or logits out',
  example:
    'scalenas forward --task pose --width 32 --input-npy in.npy --weights supernet.safetensors --genotype hrnet --output-npy out.npy',
  args: {
    task: {
      type: 'string',
      valueHint: TASK_HINT,
      description: 'Needed unless the genotype is an id',
    },
    width: {
      type: 'string',
      valueHint: 'W',
      description: 'Channels of branch 0 (default: those of the weights)',
    },
    'input-npy': { type: 'string', valueHint: 'IN', description: 'Float32 .npy, N x 3 x H x W' },
    weights: { type: 'string', valueHint: 'FILE', description: '.safetensors, .npz or .pth' },
    genotype: {
      type: 'string',
      valueHint: 'G',
      description: 'smallest, hrnet, largest, a .json or .npy file, or an id in the data folder',
    },
    'output-npy': {
      type: 'string',
      valueHint: 'OUT',
      description: 'Float32 .npy, N x outputs x H/4 x W/4; of bottom-up the maps of stride 2 go to OUT.1.npy',
    },
    joints: {
      type: 'string',
      valueHint: 'K',
      description: 'Outputs of a pose network (default: of the weights)',
    },
    classes: {
      type: 'string',
      valueHint: 'C',
      description: 'Outputs of a segmentation network (default: of the weights)',
    },
    backend: {
      type: 'string',
      valueHint: BACKEND_WISHES.join('|'),
      description: 'What computes (default: auto)',
    },
    'hrnet-names': {
      type: 'boolean',
      description: 'The weights are HRNet’s: its fusions become those of the fourth step',
    },
    'up-fusion': {
      type: 'string',
      valueHint: UP_FUSIONS.join('|'),
      description: 'How up-fusions enlarge (default: nearest; HRNet’s segmentation weights need bilinear)',
    },
    'fold-norms': {
      type: 'boolean',
      description: 'Fold batch norms into the convolutions: faster, within 1e-4 of the largest output',
    },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  async run(args, context) {
    const options = { lane: 'forward', backend: oneOf(BACKEND_WISHES, args, 'backend') }
    const { job, id } = await readJob(args, context)
    const result = await runFileJob(job, options, context)
    await giveToUser([job.outputFile, ...result.furtherOutputs.map(({ file }) => file)], context)
    warn(job, result, context)
    const report = { output: job.outputFile, genotypeId: id, ...result }
    context.terminal.out(flag(args, 'json') ? JSON.stringify(report, null, 2) : describe(report))
    return EXIT.done
  },
}

async function readJob(args: CommandArgs, context: CommandContext): Promise<{ job: ForwardJob; id: string }> {
  const files = {
    inputFile: requireFile(args, 'input-npy'),
    weightsFile: requireFile(args, 'weights'),
    outputFile: requireFile(args, 'output-npy'),
  }
  const { network, id } = await readFileNetwork(args, context)
  const job: ForwardJob = {
    kind: 'forward',
    ...network,
    baseWidth: integer(args, 'width', WIDTH_RANGE) ?? null,
    foldsNorms: flag(args, 'fold-norms'),
    ...files,
  }
  return { job, id }
}

/** The worker runs elsewhere, so it gets whole paths. */
function requireFile(args: CommandArgs, name: string): string {
  const file = text(args, name)
  if (file === undefined) {
    throw new EngineError('BAD_REQUEST', `--${name} is missing.`)
  }
  return resolve(file)
}

function warn(
  job: ForwardJob,
  { unknownNames, absentUnused }: ForwardResult,
  { terminal }: CommandContext,
): void {
  if (unknownNames.length > 0) {
    const listed = unknownNames.slice(0, MOST_NAMES_LISTED).join(', ')
    const more = unknownNames.length > MOST_NAMES_LISTED ? ', …' : ''
    terminal.err(
      `${unknownNames.length} names in the weights are of no layer and were left out: ${listed}${more}`,
    )
  }
  if (absentUnused > 0) {
    terminal.err(
      `${absentUnused} tensors of the super-network are not in the weights; this architecture does not need them.`,
    )
  }
  if (job.hasHrnetNames && job.task === 'segmentation' && job.upFusion === 'nearest') {
    terminal.err(
      'HRNet’s segmentation network was trained with bilinear up-sampling in its fusions; here they are nearest, so its logits differ by about a tenth of their range; give --up-fusion bilinear.',
    )
  }
}

function describe({
  output,
  genotypeId: id,
  shape,
  furtherOutputs,
  baseWidth,
  backend,
  milliseconds,
}: ForwardResult & { readonly output: string; readonly genotypeId: string }): string {
  const files = [{ file: output, shape }, ...furtherOutputs]
  const written = files.map((one) => `${one.file}: ${one.shape.join(' x ')}`).join(', ')
  return `${written}, genotype ${id}, width ${baseWidth}, ${backend}, ${milliseconds.toFixed(0)} ms`
}
