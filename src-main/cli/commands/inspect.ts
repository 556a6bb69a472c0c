import { EngineError } from '../../contract/index.ts'
import { countCost, costByPart, countTrueMacs, toGigaMacs } from '../../nas/cost.ts'
import { genotypeId, genotypeKey } from '../../nas/genotype.ts'
import { planNetwork } from '../../nas/network-plan.ts'
import type { NetworkPlan } from '../../nas/network-plan.types.ts'
import { describeProblems } from '../../nas/validate-genotype.ts'
import { countSpaceSize, officialSpace } from '../../nas/search-space.ts'
import type { Genotype } from '../../nas/genotype.types.ts'
import { DATA_ARG, EXIT, flag, JSON_ARG, text } from '../command-line.ts'
import type { Command, CommandArgs } from '../command-line.ts'
import { findSubject, OUTPUT_ARGS, TASK_HINT, WIDTH_ARG } from '../inspect-subject.ts'
import type { InspectSubject } from '../inspect-subject.ts'
import { formatTable } from '../run-result.ts'

/** Heads that a pose body can be counted with besides its own. */
const HEADS = ['higherhrnet'] as const

export const inspectCommand: Command = {
  description: 'Validity, id, parameters and multiply-adds of an architecture',
  example: 'scalenas inspect largest --task pose --width 32 --input 256x192 --joints 17',
  args: {
    genotype: {
      type: 'positional',
      required: true,
      description:
        'smallest, hrnet, largest, a .json or .npy file, or the id of a candidate or genotype in the data folder',
    },
    task: { type: 'string', valueHint: TASK_HINT, description: 'Needed unless it is an id' },
    ...WIDTH_ARG,
    input: {
      type: 'string',
      valueHint: 'HxW',
      description: 'Input size (default: 256x192 for pose, 1024x2048 for segmentation, 512x512 bottom-up)',
    },
    ...OUTPUT_ARGS,
    head: {
      type: 'string',
      valueHint: HEADS.join('|'),
      description: 'Of a pose network: higherhrnet adds the cost with the head of bottom-up pose (/ 10^9)',
    },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  async run(args, context) {
    const subject = await findSubject(args, context)
    if (!subject.validation.ok) {
      const { problems } = subject.validation
      if (flag(args, 'json')) {
        context.terminal.out(JSON.stringify({ valid: false, problems }, null, 2))
      }
      context.terminal.err(describeProblems(problems))
      return EXIT.wrongRequest
    }
    const report = {
      ...inspect(subject, subject.validation),
      ...inspectHead(args, subject, subject.validation.genotype),
    }
    context.terminal.out(flag(args, 'json') ? JSON.stringify(report, null, 2) : describe(report))
    return EXIT.done
  },
}

type Report = ReturnType<typeof inspect> & ReturnType<typeof inspectHead>

function inspect(
  { space, shape }: InspectSubject,
  { genotype, warnings }: Extract<InspectSubject['validation'], { readonly ok: true }>,
) {
  const plan = planOrRefuse(space, shape, genotype)
  const cost = countCost(plan)
  const size = countSpaceSize(space)
  return {
    valid: true,
    id: genotypeId(genotype),
    key: genotypeKey(genotype),
    task: shape.task,
    width: shape.baseWidth,
    input: { height: shape.inputHeight, width: shape.inputWidth },
    outputs: shape.outputs,
    ...cost,
    gigaMacs: toGigaMacs(cost.macs),
    liveGigaMacs: toGigaMacs(cost.liveMacs),
    /** With a deconvolution counted as the work it is, not with its output size (method.md 9.6). */
    trueMacs: countTrueMacs(plan),
    warnings,
    parts: costByPart(plan).map(({ name, blocks, fusions, params, macs, liveParams, liveMacs }) => ({
      ...{ name, blocks, fusions, params, macs, liveParams, liveMacs },
      gigaMacs: toGigaMacs(macs),
    })),
    /** How many different genotypes the space has; the exact integer as text, since no double holds it. */
    space: { size: size.exact.toString(), log10: size.log10 },
  }
}

/** Cost of a top-down body with the head of bottom-up pose in place of its own, at the same input (method.md 4.2, 9.6). */
function inspectHead(args: CommandArgs, { shape }: InspectSubject, genotype: Genotype) {
  const head = text(args, 'head')
  if (head === undefined) {
    return {}
  }
  if (!HEADS.some((name) => name === head) || shape.task !== 'pose') {
    const given = `got "${head}" for ${shape.task}`
    throw new EngineError('BAD_REQUEST', `--head must be ${HEADS.join(', ')} and belongs to pose, ${given}.`)
  }
  const plan = planOrRefuse(officialSpace('bottom-up-pose'), { ...shape, task: 'bottom-up-pose' }, genotype)
  const { params, macs } = countCost(plan)
  return { higherHrnet: { params, macs, gigaMacsDecimal: macs / 1e9, trueMacs: countTrueMacs(plan) } }
}

function planOrRefuse(...args: Parameters<typeof planNetwork>): NetworkPlan {
  try {
    return planNetwork(...args)
  } catch (thrown) {
    throw thrown instanceof RangeError ? new EngineError('BAD_REQUEST', thrown.message) : thrown
  }
}

/** Published bottom-up costs are in 10^9, and count the deconvolution with its output size (method.md 4.1 rules 4 and 5). */
function describeDecimal({ task, macs, trueMacs, higherHrnet }: Report): string[] {
  const giga = (value: number): string => `${(value / 1e9).toFixed(3)} x 10^9`
  const told = (counts: { readonly macs: number; readonly trueMacs: number }): string =>
    `as published ${giga(counts.macs)}, really done ${giga(counts.trueMacs)}`
  if (higherHrnet !== undefined) {
    return [
      `with the HigherHRNet head: params ${higherHrnet.params.toLocaleString('en')}, ${told(higherHrnet)}`,
    ]
  }
  return task === 'bottom-up-pose' ? [told({ macs, trueMacs })] : []
}

function describe(report: Report): string {
  const rows = report.parts.map((part) => [
    part.name,
    String(part.blocks),
    String(part.fusions),
    part.params.toLocaleString('en'),
    part.macs.toLocaleString('en'),
    part.gigaMacs.toFixed(3),
  ])
  return [
    `genotype ${report.id}, ${report.task}, width ${String(report.width)}, input ${String(report.input.height)}x${String(report.input.width)}, ${String(report.outputs)} outputs`,
    `params ${report.params.toLocaleString('en')}`,
    `multiply-adds ${report.macs.toLocaleString('en')} (${report.gigaMacs.toFixed(3)} x 2^30)`,
    ...describeDecimal(report),
    `of these with influence on the output: params ${report.liveParams.toLocaleString('en')}, multiply-adds ${report.liveMacs.toLocaleString('en')}`,
    `one of 10^${report.space.log10.toFixed(1)} architectures of this space`,
    ...report.warnings.map(({ code, message }) => `warning ${code}: ${message}`),
    ...formatTable([['part', 'blocks', 'fusions', 'params', 'multiply-adds', '/ 2^30'], ...rows]),
  ].join('\n')
}
