import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PredictJob, PredictResult, Prediction } from '../../contract/index.ts'
import type { Dataset, PoseDataset, SceneDataset, SegmentationDataset } from '../../datasets/dataset.ts'
import { countLabelled } from '../../datasets/pose-box.ts'
import { loadSegmentationEvaluationItem } from '../../datasets/segmentation-batch.ts'
import { fromGenotypeJson } from '../../nas/genotype.ts'
import { pckOfSample } from '../../tasks/pose-scoring.ts'
import { prepareCrops } from '../../tasks/prepared-crops.ts'
import { predictPoses } from '../../tasks/predict-pose.ts'
import { predictScenes } from '../../tasks/predict-scenes.ts'
import { scoreScenes } from '../../tasks/scene-scoring.ts'
import { predictLabelMaps } from '../../tasks/predict-segmentation.ts'
import type { Forward } from '../../tasks/task.ts'
import { withRecalibrated } from '../../training/score-subnet.ts'
import { addToConfusionMatrix, createConfusionMatrix } from '../../vision/segmentation/confusion-matrix.ts'
import { meanIou, pixelAccuracy } from '../../vision/segmentation/intersection-over-union.ts'
import { writeAtomically } from '../checkpoint-files.ts'
import { previewPersons, previewPictures, previewScenes, toPicture, toTriples } from '../preview-samples.ts'
import { prepareRunScenes, sceneGeometry } from '../run-context.ts'
import type { RunContext } from '../run-context.ts'
import type { SupernetCache } from '../supernet-cache.ts'
import { SCORING_BATCH } from './evaluate-job.ts'

/** What one candidate answers on the preview pictures, with its inherited weights and recalibrated norms. */
export async function runPredictJob(
  job: PredictJob,
  run: RunContext,
  cache: SupernetCache,
): Promise<PredictResult> {
  const { supernet, session } = cache.open(job.runFolder, run)
  const plan = run.plan(fromGenotypeJson(run.space, job.candidate.genotype))
  const recalibrationBatches = await run.recalibrationBatches()
  const { dataset } = run
  const predictions = await withRecalibrated({ supernet, session, plan, recalibrationBatches }, (forward) =>
    predictSamples(job, run, dataset, forward),
  )
  return { predictions }
}

function predictSamples(
  job: PredictJob,
  run: RunContext,
  dataset: Dataset,
  forward: Forward,
): Promise<Prediction[]> {
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
): Promise<Prediction[]> {
  const wanted = previewPictures(dataset).filter(({ id }) => isWanted(job, id))
  const samples = wanted.map(({ sample }) => sample)
  const scenes = await prepareRunScenes(run.config, dataset, samples)
  const options = { flipTest: run.config.search.flipTest, batch: SCORING_BATCH }
  const found = await predictScenes(run.kernels, forward, scenes, sceneGeometry(run.config, dataset), options)
  const predictions: Prediction[] = []
  for (const [i, { id, sample }] of wanted.entries()) {
    const { image } = await dataset.load(sample)
    const persons = found[i] ?? []
    const isLabelled = sample.persons.some(({ keypoints }) => countLabelled(keypoints) > 0)
    predictions.push({
      kind: 'bottom-up-pose',
      sampleId: id,
      persons: persons.map(({ score, keypoints }) => ({ score, keypoints: toTriples(image, keypoints) })),
      ap: isLabelled ? scoreScenes([persons], [sample], dataset.skeleton).accuracy : null,
    })
  }
  return predictions
}

async function predictPersons(
  job: PredictJob,
  run: RunContext,
  dataset: PoseDataset,
  forward: Forward,
): Promise<Prediction[]> {
  const persons = previewPersons(dataset).filter(({ id }) => isWanted(job, id))
  const crops = await prepareCrops(
    dataset,
    persons.map(({ sample }) => sample),
    run.config,
  )
  const geometry = { skeleton: dataset.skeleton, network: run.config.network }
  const options = { flipTest: run.config.search.flipTest, batch: SCORING_BATCH }
  const poses = await predictPoses(run.kernels, forward, crops, geometry, options)
  const predictions: Prediction[] = []
  for (const [i, { id, sample }] of persons.entries()) {
    const pose = poses[i]
    if (pose !== undefined) {
      const region = await dataset.loadImage(sample)
      predictions.push({
        kind: 'pose',
        sampleId: id,
        keypoints: dataset.skeleton.joints.map(
          (_, joint) =>
            [
              ...toPicture(region, pose.positions[joint * 2] ?? 0, pose.positions[joint * 2 + 1] ?? 0),
              pose.confidences[joint] ?? 0,
            ] as const,
        ),
        pck: pckOfSample(pose, { sample }, dataset.skeleton.joints),
      })
    }
  }
  return predictions
}

async function predictLabels(
  job: PredictJob,
  run: RunContext,
  dataset: SegmentationDataset,
  forward: Forward,
): Promise<Prediction[]> {
  const { genotypeId } = job.candidate
  const folder = join(job.runFolder, 'predictions', genotypeId)
  await mkdir(folder, { recursive: true })
  const scenes = previewScenes(dataset).filter(({ id }) => isWanted(job, id))
  const items = []
  for (const { id, sample } of scenes) {
    items.push({ ...(await loadSegmentationEvaluationItem(dataset, sample, run.config.network)), id })
  }
  const predictions: Prediction[] = []
  const options = { flipTest: run.config.search.flipTest, batch: SCORING_BATCH }
  await predictLabelMaps(run.kernels, forward, items, run.config.network, options, (item, labels) => {
    writeAtomically(join(folder, `${item.id}.labels`), labels)
    const matrix = createConfusionMatrix(dataset.classes.names.length)
    addToConfusionMatrix(matrix, item.labels, labels, dataset.classes.ignoreLabel)
    predictions.push({
      kind: 'segmentation',
      sampleId: item.id,
      labelPath: `/api/runs/${job.runId}/preview/${item.id}/prediction/${genotypeId}`,
      pixelAccuracy: pixelAccuracy(matrix),
      meanIou: meanIou(matrix, { absentClasses: 'exclude' }),
    })
  })
  return predictions
}

function isWanted({ sampleIds }: PredictJob, id: string): boolean {
  return sampleIds.length === 0 || sampleIds.includes(id)
}
