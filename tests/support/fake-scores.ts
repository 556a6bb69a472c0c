import { packPictureResults } from '../../src-main/contract/index.ts'
import type {
  CandidateToEvaluate,
  DatasetFacts,
  PrepareResult,
  Protocol,
} from '../../src-main/contract/index.ts'
import { createRandom } from '../../src-main/nas/random.ts'

/** A score that depends on the genotype alone: deeper is better, with a wobble from the id so that fronts are not one line. */
export function fakeAccuracy({ genotypeId, genotype }: CandidateToEvaluate): number {
  const depths = genotype.stages.flatMap((stage) => stage.modules.flatMap((module) => module.depths))
  const meanDepth = depths.reduce((sum, depth) => sum + depth, 0) / depths.length / genotype.maxDepth
  return 0.2 + 0.5 * meanDepth + 0.2 * (Number.parseInt(genotypeId.slice(0, 6), 16) / 0xffffff)
}

export function fakeProtocol(split: 'search' | 'report'): Protocol {
  return {
    metric: 'PCK@0.2',
    split,
    samples: 30,
    datasetFingerprint: 'f00d',
    inputHeight: 64,
    inputWidth: 64,
    flipTest: false,
    recalibrationImages: 128,
    recalibrationSeed: 1,
    backend: 'fake',
  }
}

export const FAKE_DATASET: DatasetFacts = {
  name: 'Fake people',
  format: 'drawn',
  task: 'pose',
  path: null,
  fingerprint: 'f00d',
  splits: { train: 100, search: 30, report: 30 },
  skeleton: {
    name: 'fourteen',
    joints: Array.from({ length: 14 }, (_, index) => `joint ${String(index)}`),
    edges: [[0, 1]],
    flipPairs: [],
    sides: Array.from({ length: 14 }, () => 'centre' as const),
    sigmas: Array.from({ length: 14 }, () => 0.1),
  },
  classes: null,
  found: ['30 persons'],
  leftOut: [],
  warnings: [],
}

export function fakePrepareResult(runId: string): PrepareResult {
  const sample = {
    runId,
    split: 'search' as const,
    width: 4,
    height: 4,
    truthKeypoints: [],
    truthLabelPath: null,
    box: null,
  }
  return {
    dataset: FAKE_DATASET,
    metricName: 'PCK@0.2',
    baselines: [{ name: 'mean pose', split: 'search', metrics: { pck: 0.1 } }],
    previewSamples: ['s1', 's2'].map((id) => ({
      ...sample,
      id,
      imagePath: `/api/runs/${runId}/preview/${id}/image`,
    })),
  }
}

const FAKE_PICTURES = 200
const FAKE_JOINTS = 10

/**
 * Joints that a network of this accuracy finds: each is as hard for one network as for another, so that the difference of two is
 * surer than either score.
 */
export function fakePictures(candidate: CandidateToEvaluate, split: 'search' | 'report'): Uint8Array {
  const accuracy = fakeAccuracy(candidate)
  const random = createRandom(split, 'how hard each joint is')
  const hits = Uint32Array.from({ length: FAKE_PICTURES }, () =>
    Array.from({ length: FAKE_JOINTS }, () => random.next()).reduce(
      (found, hardness) => found + (hardness < accuracy ? 1 : 0),
      0,
    ),
  )
  return packPictureResults({ kind: 'ratio', hits, trials: hits.map(() => FAKE_JOINTS) })
}
