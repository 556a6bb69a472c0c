import type { Baseline, PrepareJob, PrepareResult } from '../../contract/index.ts'
import type { LabelledImage, SegmentationDataset, SegmentationSample } from '../../datasets/dataset.ts'
import { countClassPixels } from '../../datasets/segmentation-batch.ts'
import { chooseCrops } from '../../tasks/choose-crops.ts'
import { scoreMeanPose } from '../../tasks/pose-scoring.ts'
import { spreadOver } from '../../datasets/prepared-crops.ts'
import { scoreMeanScene, scoreOnePerson } from '../../tasks/scene-scoring.ts'
import { scoreConstantClass } from '../../tasks/segmentation-scoring.ts'
import { mostFrequentClass } from '../../vision/segmentation/most-frequent-class.ts'
import { writePreviewSamples } from '../preview-samples.ts'
import { poseMeasure } from '../open-scoring.ts'
import type { RunContext } from '../run-context.ts'
import type { JobContext } from '../worker-services.ts'

/** Dataset facts, the baselines that every network must beat, and the preview pictures. */
export async function runPrepareJob(
  job: PrepareJob,
  run: RunContext,
  context: JobContext,
): Promise<PrepareResult> {
  for (const line of run.dataset.facts.found) {
    context.log('info', line)
  }
  for (const { reason, count, example } of run.dataset.facts.leftOut) {
    context.log('warn', `left out ${count}: ${reason} (for example ${example})`)
  }
  context.emit({ kind: 'progressed', done: 1, total: 3, note: 'dataset read' })
  const baselines = [...(await measureBaselines(run, 'search')), ...(await measureBaselines(run, 'report'))]
  context.emit({ kind: 'progressed', done: 2, total: 3, note: 'baselines measured' })
  const previewSamples = await writePreviewSamples(job.runId, job.runFolder, run)
  context.emit({ kind: 'progressed', done: 3, total: 3, note: 'preview pictures written' })
  return { dataset: run.dataset.facts, metricName: run.task.metricName, baselines, previewSamples }
}

async function measureBaselines(
  { dataset, config }: RunContext,
  split: 'search' | 'report',
): Promise<readonly Baseline[]> {
  const limit = split === 'search' ? config.dataset.searchLimit : config.dataset.reportLimit
  if (dataset.kind === 'pose') {
    const { metrics } = scoreMeanPose(dataset, chooseCrops(dataset, split, limit), poseMeasure(config))
    return [{ name: 'mean pose', split, metrics }]
  }
  if (dataset.kind === 'bottom-up-pose') {
    const samples = spreadOver(dataset.splits[split], limit)
    return [
      { name: 'mean pose, one a picture', split, metrics: scoreMeanScene(dataset, samples).metrics },
      { name: 'largest person as annotated', split, metrics: scoreOnePerson(dataset, samples).metrics },
    ]
  }
  const answer = mostFrequentClass(await countClassPixels(dataset, dataset.splits.train))
  const items = loadEach(dataset, spreadOver(dataset.splits[split], limit))
  const { names, ignoreLabel } = dataset.classes
  const { metrics } = await scoreConstantClass(items, answer, { classes: names, ignoreLabel })
  return [{ name: `most frequent class (${names[answer] ?? String(answer)})`, split, metrics }]
}

async function* loadEach(
  dataset: SegmentationDataset,
  samples: readonly SegmentationSample[],
): AsyncGenerator<LabelledImage> {
  for (const sample of samples) {
    yield await dataset.load(sample)
  }
}
