import type { Protocol, RunConfig } from '../contract/index.ts'
import { requireBottomUp } from '../datasets/require-bottom-up.ts'
import { choosePictures } from '../tasks/choose-crops.ts'
import { reportScales } from './open-scoring.ts'
import { recalibrationSeed } from './run-context.ts'
import type { RunContext } from './run-context.ts'
import type { WorkerServices } from './worker-services.ts'

/** How a score of this run is measured on this worker; two scores share a front only if theirs are equal. */
export function describeProtocol(
  run: RunContext,
  split: Protocol['split'],
  samples: number,
  services: WorkerServices,
): Protocol {
  const { network, search, task, pose } = run.config
  const scales = reportScales(run.config)
  return {
    metric: run.task.metricName,
    split,
    samples,
    datasetFingerprint: run.dataset.facts.fingerprint,
    inputHeight: network.inputHeight,
    inputWidth: network.inputWidth,
    flipTest: search.flipTest,
    // Absent of all other scores, so that those stored before stay comparable.
    ...(task === 'pose' && pose.metric === 'ap' && describeBoxes(run, split)),
    ...(task === 'bottom-up-pose' && describeGrouping(run.config)),
    ...(split === 'report' && scales !== null && { scales: scales.join(', ') }),
    recalibrationImages: search.recalibrationBatches * search.recalibrationBatchSize,
    recalibrationSeed: recalibrationSeed(run.config),
    backend: services.backend.kernels.name,
    ...(split === 'search' && search.measuresLatency === true && { latency: 'deployed' as const }),
    ...(run.dataset.facts.searchSeesReport === true ? { searchSeesReport: true } : {}),
  }
}

/** What decides who is found, and at which scales. */
function describeGrouping(config: RunConfig): Partial<Protocol> {
  const { detectionThreshold, tagThreshold, mostPersons, scales } = requireBottomUp(config)
  return {
    scales: scales.join(', '),
    grouping: `joints above ${detectionThreshold}, tags within ${tagThreshold}, at most ${mostPersons} persons`,
  }
}

function describeBoxes({ dataset, config }: RunContext, split: Protocol['split']): Partial<Protocol> {
  if (dataset.kind !== 'pose' || dataset.detected === undefined || split !== 'report') {
    return { boxes: 'annotated' }
  }
  const { file, fingerprint, threshold } = dataset.detected
  return {
    boxes: 'detected',
    ...{ detectionFile: file, detectionFingerprint: fingerprint, detectionThreshold: threshold },
    pictures: choosePictures(dataset.detected, config.dataset.reportLimit).length,
  }
}
