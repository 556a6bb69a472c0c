import { performance } from 'node:perf_hooks'
import type { Kernels } from '../../compute/kernels.ts'
import { EngineError, furtherOutputFile } from '../../contract/index.ts'
import type { ForwardJob, ForwardResult } from '../../contract/index.ts'
import { decodeFloatNpy, encodeFloatNpy } from '../../formats/npy.ts'
import { compareNames } from '../../formats/state-names.ts'
import { fromGenotypeJson } from '../../nas/genotype.ts'
import {
  describeShapeProblem,
  planNetwork,
  planParameters,
  supernetParameters,
} from '../../nas/network-plan.ts'
import type { NetworkPlan, NetworkShape } from '../../nas/network-plan.types.ts'
import { createSearchSpace } from '../../nas/search-space.ts'
import type { SearchSpace } from '../../nas/search-space.ts'
import { openStandAlone, withoutDeadNodes } from '../../supernet/extract-subnet.ts'
import { findFolded, openExact, openFolded, openFoldedFile } from '../../supernet/open-folded.ts'
import type { DeployedNetwork, FoldedNetwork } from '../../supernet/open-folded.ts'
import type { HostTensor, WeightMap } from '../../supernet/weights.ts'
import { toChannelsFirst, toChannelsLast } from '../channel-order.ts'
import { writeAtomically } from '../checkpoint-files.ts'
import { blaming, readNamed, readWeightsFile } from '../read-weights-file.ts'
import { shapeOfWeights } from '../shape-of-weights.ts'
import { breathe } from '../worker-services.ts'
import type { JobContext, WorkerServices } from '../worker-services.ts'

const MOST_NAMES_LISTED = 20
const IMAGE_CHANNELS = 3

/** Images as PyTorch has them. */
interface ImageBatch {
  readonly count: number
  readonly height: number
  readonly width: number
  /** N, 3, H, W. */
  readonly values: Float32Array
}

/**
 * One inference from files (cli.md, `forward`): reads images, weights and an architecture, writes heat maps or logits at stride 4.
 * Layers without influence on the output are not computed. Images are forwarded one by one: norms use their running statistics, so the
 * result is that of one batch.
 *
 * @throws EngineError BAD_REQUEST naming the file that does not fit, STORAGE if the result cannot be written.
 */
export async function runForwardJob(
  job: ForwardJob,
  { backend }: WorkerServices,
  context: JobContext,
): Promise<ForwardResult> {
  const { inputFile, weightsFile } = job
  const inputBytes = await readNamed(inputFile)
  const images = blaming(inputFile, () => toImages(decodeFloatNpy(inputBytes)))
  const weights = await readWeightsFile(weightsFile, { hrnet: job.hasHrnetNames })
  const shape: NetworkShape = {
    ...blaming(weightsFile, () => shapeOfWeights(job.task, weights, job)),
    inputHeight: images.height,
    inputWidth: images.width,
    upFusion: job.upFusion,
  }
  const { space, plan } = planJob(job, shape)
  const picked = blaming(weightsFile, () => pickWeights(space, shape, plan, weights))
  const { unknownNames, absentUnused } = picked
  const network = blaming(weightsFile, () =>
    openPicked(backend.kernels, { space, shape, plan }, picked, job.foldsNorms === true),
  )
  const started = performance.now()
  const outputs = await forwardImages(backend.kernels, network, images, context).finally(() =>
    network.dispose(),
  )
  const milliseconds = performance.now() - started
  const written = outputs.map((output, i) => {
    const file = i === 0 ? job.outputFile : furtherOutputFile(job.outputFile, i)
    writeAtomically(file, encodeFloatNpy(output))
    return { file, shape: output.shape }
  })
  return {
    shape: written[0]?.shape ?? [],
    furtherOutputs: written.slice(1),
    baseWidth: shape.baseWidth,
    backend: backend.kernels.name,
    milliseconds,
    unknownNames,
    absentUnused,
  }
}

function toImages({ shape, values }: HostTensor): ImageBatch {
  const [count = 0, channels, height = 0, width = 0] = shape
  if (shape.length !== 4 || channels !== IMAGE_CHANNELS || values.length === 0) {
    throw new RangeError(`images must have shape N, 3, H, W with N at least 1; it is [${shape.join(', ')}]`)
  }
  return { count, height, width, values }
}

/** @throws EngineError BAD_REQUEST if the shape cannot be. */
export function planJob(
  job: Pick<ForwardJob, 'task' | 'space' | 'genotype'>,
  shape: NetworkShape,
): { space: SearchSpace; plan: NetworkPlan } {
  const space = createSearchSpace({ task: job.task, ...job.space })
  const problem = describeShapeProblem(space, shape)
  if (problem !== null) {
    throw new EngineError('BAD_REQUEST', problem)
  }
  return { space, plan: withoutDeadNodes(planNetwork(space, shape, fromGenotypeJson(space, job.genotype))) }
}

export interface PickedWeights {
  readonly own: WeightMap
  /** Set if the file is a folded export. */
  readonly folded: FoldedNetwork | null
  readonly unknownNames: readonly string[]
  readonly absentUnused: number
}

/** The tensors of the plan. @throws RangeError listing those that the file lacks. */
export function pickWeights(
  space: SearchSpace,
  shape: NetworkShape,
  plan: NetworkPlan,
  weights: WeightMap,
): PickedWeights {
  const folded = findFolded(plan, weights)
  const wanted = (folded?.specs ?? planParameters(plan)).map(({ name }) => name)
  const known = folded === null ? supernetParameters(space, shape).map(({ name }) => name) : wanted
  const { missing, unknown } = compareNames(weights, wanted, new Set(known))
  if (missing.length > 0) {
    const more = missing.length > MOST_NAMES_LISTED ? ` and ${missing.length - MOST_NAMES_LISTED} more` : ''
    const hint = [...weights.keys()].some((name) => name.includes('.fuse_layers.'))
      ? ' The names are those of HRNet: give --hrnet-names.'
      : ''
    throw new RangeError(
      `${missing.length} tensors are missing: ${missing.slice(0, MOST_NAMES_LISTED).join(', ')}${more}.${hint}`,
    )
  }
  const own = new Map<string, HostTensor>()
  for (const name of wanted) {
    const tensor = weights.get(name)
    if (tensor !== undefined) {
      own.set(name, tensor)
    }
  }
  const absentUnused = known.filter((name) => !weights.has(name)).length
  return { own, folded, unknownNames: unknown, absentUnused }
}

/**
 * Opens what {@link pickWeights} found.
 *
 * @param foldsNorms - Folds what is not folded yet.
 * @throws RangeError naming tensors of another shape.
 */
export function openPicked(
  kernels: Kernels,
  {
    space,
    shape,
    plan,
  }: { readonly space: SearchSpace; readonly shape: NetworkShape; readonly plan: NetworkPlan },
  { own, folded }: PickedWeights,
  foldsNorms: boolean,
): DeployedNetwork {
  if (folded !== null) {
    return openFoldedFile(kernels, { space, shape }, folded, own)
  }
  return foldsNorms
    ? openFolded(kernels, { space, shape, plan }, own)
    : openExact(openStandAlone(kernels, { space, shape }, { plan, weights: own }), plan)
}

/** Of each output N, channels, height, width. */
async function forwardImages(
  kernels: Kernels,
  network: DeployedNetwork,
  { count, height, width, values }: ImageBatch,
  context: JobContext,
): Promise<readonly HostTensor[]> {
  const pixels = height * width
  const parts: Float32Array[][] = []
  const shapes: (readonly number[])[] = []
  for (let image = 0; image < count; image++) {
    if (context.isStopping()) {
      throw new EngineError('STOPPED', `Stopped after ${image} of ${count} images.`)
    }
    const start = image * IMAGE_CHANNELS * pixels
    const pixelsLast = toChannelsLast(
      values.subarray(start, start + IMAGE_CHANNELS * pixels),
      IMAGE_CHANNELS,
      pixels,
    )
    const inputShape = [1, height, width, IMAGE_CHANNELS]
    const input = kernels.upload(pixelsLast, inputShape)
    try {
      const outputs = network.forward({ handle: input, shape: inputShape })
      for (const [i, output] of outputs.entries()) {
        const [, outputHeight = 0, outputWidth = 0, channels = 0] = output.shape
        shapes[i] = [count, channels, outputHeight, outputWidth]
        const downloaded = await kernels.download(output.handle).finally(() => kernels.release(output.handle))
        parts[i] ??= []
        parts[i].push(toChannelsFirst(downloaded, channels, outputHeight * outputWidth))
      }
    } finally {
      kernels.release(input)
    }
    context.emit({ kind: 'progressed', done: image + 1, total: count, note: 'images' })
    await breathe()
  }
  return parts.map((part, i) => ({ shape: shapes[i] ?? [], values: concatenate(part) }))
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let position = 0
  for (const part of parts) {
    all.set(part, position)
    position += part.length
  }
  return all
}
