import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import type {
  PredictFilesJob,
  PredictFilesResult,
  PredictImage,
  SkeletonFacts,
} from '../../contract/index.ts'
import { choosePalette } from '../../datasets/class-palette.ts'
import { SKELETONS } from '../../datasets/skeletons.ts'
import type { NetworkShape } from '../../nas/network-plan.types.ts'
import type { RgbImage } from '../../datasets/dataset.ts'
import { answerEverybody, answerPose, answerScene, openPicture } from '../answer-picture.ts'
import type { Answering, PictureAnswer } from '../answer-picture.ts'
import { filesForPeople, filesForWindow } from '../answer-files.ts'
import { writeAtomically } from '../checkpoint-files.ts'
import { blaming, readWeightsFile } from '../read-weights-file.ts'
import { shapeOfWeights } from '../shape-of-weights.ts'
import { breathe } from '../worker-services.ts'
import type { JobContext, WorkerServices } from '../worker-services.ts'
import { openPicked, pickWeights, planJob } from './forward-job.ts'

/**
 * Answers pictures with a network from a file: overlay, JSON and for segmentation the label map of each. A picture that cannot be used
 * is refused by name and the others go on.
 *
 * @throws EngineError BAD_REQUEST naming the weights that do not fit, STORAGE if a result cannot be written.
 */
export async function runPredictFilesJob(
  job: PredictFilesJob,
  { backend }: WorkerServices,
  context: JobContext,
): Promise<PredictFilesResult> {
  const { weightsFile, inputHeight, inputWidth } = job
  const weights = await readWeightsFile(weightsFile, { hrnet: job.hasHrnetNames })
  const shape: NetworkShape = {
    ...blaming(weightsFile, () => shapeOfWeights(job.task, weights, job)),
    ...{ inputHeight, inputWidth, upFusion: job.upFusion },
  }
  const { space, plan } = planJob(job, shape)
  const picked = blaming(weightsFile, () => pickWeights(space, shape, plan, weights))
  const network = blaming(weightsFile, () =>
    openPicked(backend.kernels, { space, shape, plan }, picked, job.foldsNorms !== false),
  )
  const answering: Answering = {
    kernels: backend.kernels,
    forward: (input) => network.forward(input),
    network: { inputHeight, inputWidth },
    flipTest: job.flipTest,
  }
  try {
    await mkdir(job.outputFolder, { recursive: true }).catch((thrown: unknown) => {
      throw new EngineError('STORAGE', `${job.outputFolder} cannot be made: ${String(thrown)}`)
    })
    return { backend: backend.kernels.name, ...(await answerAll(job, answering, shape.outputs, context)) }
  } finally {
    network.dispose()
  }
}

async function answerAll(
  job: PredictFilesJob,
  answering: Answering,
  outputs: number,
  context: JobContext,
): Promise<Omit<PredictFilesResult, 'backend'>> {
  const answer = createAnswer(job, answering, outputs)
  const written: PredictFilesResult['written'][number][] = []
  const refused: { file: string; reason: string }[] = []
  for (const [index, image] of job.images.entries()) {
    if (context.isStopping()) {
      throw new EngineError('STOPPED', `Stopped after ${index} of ${job.images.length} pictures.`)
    }
    try {
      const picture = await openPicture(image.file)
      const said = await answer(image, picture)
      const { files, ...more } =
        job.longestShownSide === undefined
          ? { files: await filesForPeople(said, picture) }
          : await filesForWindow(said, picture, job.longestShownSide)
      const outputs = files.map(({ suffix, bytes }) => {
        const file = join(job.outputFolder, `${image.name}${suffix}`)
        writeAtomically(file, bytes)
        return file
      })
      written.push({ file: image.file, outputs, ...more })
    } catch (thrown) {
      if (!(thrown instanceof EngineError && thrown.code === 'DATASET')) {
        throw thrown
      }
      refused.push({ file: image.file, reason: thrown.message })
    }
    context.emit({ kind: 'progressed', done: index + 1, total: job.images.length, note: 'pictures' })
    await breathe()
  }
  return { written, refused }
}

function createAnswer(
  job: PredictFilesJob,
  answering: Answering,
  outputs: number,
): (image: PredictImage, picture: RgbImage) => Promise<PictureAnswer> {
  switch (job.task) {
    case 'pose': {
      const skeleton = job.skeleton ?? skeletonOf(outputs)
      // Without known pairs a mirrored picture would exchange nothing: its maps are those of the wrong sides.
      const flipTest = job.flipTest && skeleton.flipPairs.length > 0
      return (image, picture) => answerPose({ ...answering, flipTest }, image, picture, skeleton)
    }
    case 'segmentation': {
      const names = Array.from({ length: outputs }, (_, index) => `class ${index}`)
      const classes = job.classes ?? { names, palette: choosePalette(names), ignoreLabel: 255 }
      return (image, picture) => answerScene(answering, image, picture, classes)
    }
    case 'bottom-up-pose': {
      const skeleton = job.skeleton ?? skeletonOf(outputs)
      const flipTest = job.flipTest && skeleton.flipPairs.length > 0
      return (image, picture) =>
        answerEverybody({ ...answering, flipTest }, image, picture, { skeleton, grouping: job.grouping })
    }
    default:
      return job.task satisfies never
  }
}

function skeletonOf(outputs: number): SkeletonFacts {
  const known = SKELETONS.find(({ joints }) => joints.length === outputs)
  const joints = Array.from({ length: outputs }, (_, index) => `joint ${index}`)
  return (
    known ?? {
      ...{ name: `own${outputs}`, joints, edges: [], flipPairs: [] },
      ...{ sides: joints.map(() => 'centre' as const), sigmas: joints.map(() => 0.067) },
    }
  )
}
