import { EngineError, genotypeFileSchema, taskKindSchema, toErrorInfo } from '../contract/index.ts'
import type { GenotypeFile, TaskKind } from '../contract/index.ts'
import { listProblems } from '../engine/configure/schema-problems.ts'
import { countOutputs, createSearchSetup } from '../engine/configure/search-setup.ts'
import type { EngineServices } from '../engine/services/engine-services.ts'
import { MOST_SMALL_BYTES, readForeignJson } from '../files/foreign-text.ts'
import { FileProblem, readRegularFile } from '../files/regular-file.ts'
import { decodeMaskNpy, MOST_MASK_BYTES } from '../formats/mask-npy.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../nas/named-genotypes.ts'
import type { NetworkShape } from '../nas/network-plan.types.ts'
import { fromOfficialMask } from '../nas/official-mask.ts'
import { createSearchSpace, officialSpace, OFFICIAL_DEPTHS } from '../nas/search-space.ts'
import type { SearchSpace } from '../nas/search-space.ts'
import { validateGenotype } from '../nas/validate-genotype.ts'
import type { GenotypeValidation } from '../nas/validate-genotype.ts'
import { flag, integer, requireText, text } from './command-line.ts'
import type { Command, CommandArgs, CommandContext } from './command-line.ts'
import { findCandidateId, isStoredId } from './find-candidate.ts'
import { withEngine } from './open-engine.ts'

/** What `inspect` looks at, with the space and shape that it is read in. */
export interface InspectSubject {
  readonly space: SearchSpace
  readonly shape: NetworkShape
  readonly validation: GenotypeValidation
}

const NAMED = { smallest: smallestGenotype, hrnet: hrnetGenotype, largest: largestGenotype }
/** For help texts. */
export const TASK_HINT = taskKindSchema.options.join('|')
/** Of commands that are told a network's shape. */
export const WIDTH_ARG = {
  width: { type: 'string', valueHint: 'W', description: 'Channels of branch 0 (default: 32)' },
} as const satisfies Command['args']
export const OUTPUT_ARGS = {
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
} as const satisfies Command['args']
/** Inputs that published costs are of (method.md 4.2). */
const PUBLISHED_INPUT = {
  pose: '256x192',
  segmentation: '1024x2048',
  'bottom-up-pose': '512x512',
} as const satisfies Record<TaskKind, string>
const LARGEST_INPUT = 16_384
const LARGEST_COUNT = 4096

/** @throws EngineError BAD_REQUEST or NOT_FOUND that says which forms there are. */
export async function findSubject(args: CommandArgs, context: CommandContext): Promise<InspectSubject> {
  const given = requireText(args, 'genotype')
  if (isStoredId(given)) {
    return withEngine(args, context, (services) => findStored(given, services))
  }
  const task = readTask(args)
  if (given === 'smallest' || given === 'hrnet' || given === 'largest') {
    const space = officialSpace(task)
    return {
      space,
      shape: readShape(args, task),
      validation: { ok: true, genotype: NAMED[given](space), warnings: [] },
    }
  }
  if (given.endsWith('.npy')) {
    const space = officialSpace(task)
    return {
      space,
      shape: readShape(args, task),
      validation: fromOfficialMask(space, await readMask(given), { clearLate: flag(args, 'clear-late') }),
    }
  }
  if (!given.endsWith('.json')) {
    throw new EngineError(
      'BAD_REQUEST',
      `"${given}" is no genotype: give smallest, hrnet, largest, a .json or .npy file, a candidate id (r-…:12) or a genotype id (12 hex digits).`,
    )
  }
  return readFileSubject(given, args, task)
}

async function readFileSubject(file: string, args: CommandArgs, task: TaskKind): Promise<InspectSubject> {
  const value = await readForeignJson(file, { mostBytes: MOST_SMALL_BYTES })
  const shape = readShape(args, task)
  if (Array.isArray(value)) {
    const space = officialSpace(task)
    return {
      space,
      shape,
      validation: fromOfficialMask(space, value, { clearLate: flag(args, 'clear-late') }),
    }
  }
  const outline = readOutline(file, value)
  const space = spaceOfFile(outline, task)
  const width = text(args, 'width') === undefined ? outline.width : undefined
  return {
    space,
    shape: width === undefined ? shape : { ...shape, baseWidth: width },
    validation: validateGenotype(space, value, { clearLate: flag(args, 'clear-late') }),
  }
}

/** @throws EngineError BAD_REQUEST in one sentence: how deep and how many modules is known before anything is made of it. */
function readOutline(file: string, value: unknown): GenotypeFile {
  const parsed = genotypeFileSchema.safeParse(value)
  if (!parsed.success) {
    const [first = 'it is malformed', ...rest] = listProblems(parsed.error, value)
    const more = rest.length === 0 ? '' : `, and ${String(rest.length)} more`
    throw new EngineError('BAD_REQUEST', `${file} is no genotype: ${first}${more}.`)
  }
  return parsed.data
}

/** A genotype of ours carries its layout and deepest choice; one without is read in the official space. */
function spaceOfFile({ stages, maxDepth }: GenotypeFile, task: TaskKind): SearchSpace {
  const official = officialSpace(task)
  const layout = stages.map(
    ({ modules }) => [modules[0]?.branches ?? 0, modules.length] as const satisfies readonly [number, number],
  )
  const deepest = maxDepth ?? official.maxDepth
  const depthChoices =
    deepest === official.maxDepth ? OFFICIAL_DEPTHS : Array.from({ length: deepest }, (_, index) => index + 1)
  try {
    return createSearchSpace({ task, layout, depthChoices, evolveLastModule: true })
  } catch {
    // No layout that a network could have: the official space then names what is wrong.
    return official
  }
}

async function findStored(id: string, services: EngineServices): Promise<InspectSubject> {
  const { genotype, runId } = await services.candidates.get(await findCandidateId(id, services))
  const { config, dataset, imported } = await services.runs.get(runId)
  const { space, shape } = createSearchSetup(config, imported?.outputs ?? countOutputs(config, dataset))
  return { space, shape, validation: validateGenotype(space, genotype) }
}

export function readTask(args: CommandArgs): TaskKind {
  const task = text(args, 'task')
  const parsed = taskKindSchema.safeParse(task)
  if (!parsed.success) {
    const kinds = taskKindSchema.options.join(', ')
    throw new EngineError('BAD_REQUEST', `--task must be one of ${kinds}, got ${task ?? 'nothing'}.`)
  }
  return parsed.data
}

/** Stem and layer 1 as published (method.md 2.1). */
export function readShape(args: CommandArgs, task: TaskKind): NetworkShape {
  const [inputHeight, inputWidth] = readInput(text(args, 'input') ?? PUBLISHED_INPUT[task])
  const range = { min: 1, max: LARGEST_COUNT }
  const outputs = integer(args, task === 'segmentation' ? 'classes' : 'joints', range)
  return {
    task,
    baseWidth: integer(args, 'width', range) ?? 32,
    stemChannels: 64,
    layer1Blocks: 4,
    layer1Planes: 64,
    inputHeight,
    inputWidth,
    outputs: outputs ?? (task === 'segmentation' ? 19 : 17),
  }
}

function readInput(given: string): readonly [height: number, width: number] {
  const match = /^(\d+)x(\d+)$/i.exec(given)
  const height = Number(match?.[1])
  const width = Number(match?.[2])
  if (!(height >= 1 && width >= 1 && height <= LARGEST_INPUT && width <= LARGEST_INPUT)) {
    throw new EngineError('BAD_REQUEST', `--input must be HEIGHTxWIDTH such as 256x192, got "${given}".`)
  }
  return [height, width]
}

/** A genotype of the reference release: a pickle inside, read as data. */
async function readMask(file: string): Promise<readonly unknown[]> {
  try {
    return decodeMaskNpy(await readRegularFile(file, { mostBytes: MOST_MASK_BYTES }))
  } catch (thrown) {
    const reason = thrown instanceof FileProblem ? thrown.reason : toErrorInfo(thrown).message
    throw new EngineError('BAD_REQUEST', `${file} is no genotype: ${reason}`)
  }
}
