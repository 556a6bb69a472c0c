import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { toErrorInfo } from '../../contract/index.ts'
import type {
  PosePrediction,
  PredictJob,
  PredictResult,
  Prediction,
  PreviewProblem,
  ScenePrediction,
} from '../../contract/index.ts'
import type {
  Dataset,
  ImageRegion,
  PoseDataset,
  SceneDataset,
  SegmentationDataset,
} from '../../datasets/dataset.ts'
import { FILES_AT_ONCE, mapLimited } from '../../datasets/map-limited.ts'
import { countLabelled } from '../../datasets/pose-box.ts'
import { loadSegmentationEvaluationItem } from '../../datasets/segmentation-batch.ts'
import { fromGenotypeJson } from '../../nas/genotype.ts'
import { pckOfSample, scoreOfSample } from '../../tasks/pose-scoring.ts'
import { prepareCrops } from '../../datasets/prepared-crops.ts'
import { predictPoses } from '../../tasks/predict-pose.ts'
import type { PredictedPose } from '../../tasks/predict-pose.ts'
import { predictScenes } from '../../tasks/predict-scenes.ts'
import { scoreScenes } from '../../tasks/scene-scoring.ts'
import { predictLabelMaps } from '../../tasks/predict-segmentation.ts'
import type { Forward } from '../../tasks/task.ts'
import { withRecalibrated } from '../../training/score-subnet.ts'
import { addToConfusionMatrix, createConfusionMatrix } from '../../vision/segmentation/confusion-matrix.ts'
import { meanIou, pixelAccuracy } from '../../vision/segmentation/intersection-over-union.ts'
import { writeAtomically } from '../checkpoint-files.ts'
import { previewPersons, previewPictures, previewScenes, toPicture, toTriples } from '../preview-samples.ts'
import { poseMeasure, sceneGeometry } from '../open-scoring.ts'
import { prepareRunScenes } from '../run-context.ts'
import type { RunContext } from '../run-context.ts'
import type { SupernetCache } from '../supernet-cache.ts'
import type { LossListener } from '../supernet-files.ts'
import { SCORING_BATCH } from './evaluate-job.ts'

/** What one candidate answers on the preview pictures, with its inherited weights and recalibrated norms. */
export async function runPredictJob(
  job: PredictJob,
  run: RunContext,
  cache: Pick<SupernetCache, 'open'>,
  context: LossListener,
): Promise<PredictResult> {
  const { supernet, session } = cache.open(job, run, context)
  const plan = run.plan(fromGenotypeJson(run.space, job.candidate.genotype))
  const recalibrationBatches = await run.recalibrationBatches()
  const { dataset } = run
  return withRecalibrated({ supernet, session, plan, recalibrationBatches }, (forward) =>
    predictSamples(job, run, dataset, forward),
  )
}

function predictSamples(
  job: PredictJob,
  run: RunContext,
  dataset: Dataset,
  forward: Forward,
): Promise<PredictResult> {
  switch (dataset.kind) {
    case 'pose':
      return predictPersons(job, run, dataset, forward)
    case 'segmentation':
      return predictLabels(job, run, dataset, forward)
    case 'bottom-up-pose':
      return predictEverybody(job, run, dataset, forward)
    default:
      return dataset satisfies never
  }
}

async function predictEverybody(
  job: PredictJob,
  run: RunContext,
  dataset: SceneDataset,
  forward: Forward,
): Promise<PredictResult> {
  const wanted = previewPictures(dataset).filter(({ id }) => isWanted(job, id))
  const { ready, problems } = await prepareEach(wanted, async ({ id, sample }) => {
    const { image } = await dataset.load(sample)
    return { id, sample, image, scenes: await prepareRunScenes(run.config, dataset, [sample]) }
  })
  const scenes = ready.flatMap((item) => item.scenes)
  const options = { flipTest: run.config.search.flipTest, batch: SCORING_BATCH }
  const found = await predictScenes(run.kernels, forward, scenes, sceneGeometry(run.config, dataset), options)
  const predictions = ready.map(({ id, sample, image }, i): ScenePrediction => {
    const persons = (found[i] ?? []).toSorted((a, b) => b.score - a.score)
    const isLabelled = sample.persons.some(({ keypoints }) => countLabelled(keypoints) > 0)
    const ap = isLabelled ? scoreScenes([persons], [sample], dataset.skeleton).accuracy : null
    return {
      ...{ kind: 'bottom-up-pose', sampleId: id, ap, score: { name: 'OKS AP', value: ap } },
      persons: persons.map(({ score, keypoints }) => ({ score, keypoints: toTriples(image, keypoints) })),
    }
  })
  return { predictions, problems }
}

async function predictPersons(
  job: PredictJob,
  run: RunContext,
  dataset: PoseDataset,
  forward: Forward,
): Promise<PredictResult> {
  const persons = previewPersons(dataset).filter(({ id }) => isWanted(job, id))
  const { ready, problems } = await prepareEach(persons, async ({ id, sample }) => ({
    ...{ id, sample, region: await dataset.loadImage(sample) },
    crops: await prepareCrops(dataset, [sample], run.config),
  }))
  const geometry = { skeleton: dataset.skeleton, network: run.config.network }
  const options = { flipTest: run.config.search.flipTest, batch: SCORING_BATCH }
  const crops = ready.flatMap((item) => item.crops)
  const poses = await predictPoses(run.kernels, forward, crops, geometry, options)
  const { metric } = poseMeasure(run.config)
  const predictions = ready.flatMap(({ id, sample, region }, i): PosePrediction[] => {
    const pose = poses[i]
    return pose === undefined
      ? []
      : [
          {
            ...{ kind: 'pose', sampleId: id, keypoints: toPreviewPixels(pose, region) },
            pck: pckOfSample(pose, { sample }, dataset.skeleton.joints),
            score: scoreOfSample(pose, sample, dataset.skeleton, metric),
          },
        ]
  })
  return { predictions, problems }
}

function toPreviewPixels(
  { positions, confidences }: PredictedPose,
  region: ImageRegion,
): PosePrediction['keypoints'] {
  return Array.from(
    confidences,
    (confidence, joint) =>
      [...toPicture(region, positions[joint * 2] ?? 0, positions[joint * 2 + 1] ?? 0), confidence] as const,
  )
}

async function predictLabels(
  job: PredictJob,
  run: RunContext,
  dataset: SegmentationDataset,
  forward: Forward,
): Promise<PredictResult> {
  const { genotypeId } = job.candidate
  const folder = join(job.runFolder, 'predictions', genotypeId)
  await mkdir(folder, { recursive: true })
  const scenes = previewScenes(dataset).filter(({ id }) => isWanted(job, id))
  const { ready: items, problems } = await prepareEach(scenes, async ({ id, sample }) => ({
    ...(await loadSegmentationEvaluationItem(dataset, sample, run.config.network)),
    id,
  }))
  const predictions: Prediction[] = []
  const options = { flipTest: run.config.search.flipTest, batch: SCORING_BATCH }
  await predictLabelMaps(run.kernels, forward, items, run.config.network, options, (item, labels) => {
    writeAtomically(join(folder, `${item.id}.labels`), labels)
    const matrix = createConfusionMatrix(dataset.classes.names.length)
    addToConfusionMatrix(matrix, item.labels, labels, dataset.classes.ignoreLabel)
    const iou = meanIou(matrix, { absentClasses: 'exclude' })
    predictions.push({
      ...{ kind: 'segmentation', sampleId: item.id },
      labelPath: `/api/runs/${job.runId}/preview/${item.id}/prediction/${genotypeId}`,
      pixelAccuracy: pixelAccuracy(matrix),
      ...{ meanIou: iou, score: { name: 'mIoU', value: iou } },
    })
  })
  return { predictions, problems }
}

/** Prepares each sample by itself: one whose picture has gone bad is named, and the others are answered. */
async function prepareEach<Sample extends { readonly id: string }, Ready>(
  samples: readonly Sample[],
  prepare: (sample: Sample) => Promise<Ready>,
): Promise<{ readonly ready: readonly Ready[]; readonly problems: readonly PreviewProblem[] }> {
  const prepared = await mapLimited(samples, FILES_AT_ONCE, async (sample) => {
    try {
      return { ready: await prepare(sample) }
    } catch (thrown) {
      return { problem: { sampleId: sample.id, message: toErrorInfo(thrown).message } }
    }
  })
  return {
    ready: prepared.flatMap((item) => ('ready' in item ? [item.ready] : [])),
    problems: prepared.flatMap((item) => ('problem' in item ? [item.problem] : [])),
  }
}

function isWanted({ sampleIds }: PredictJob, id: string): boolean {
  return sampleIds.length === 0 || sampleIds.includes(id)
}
