import type { SceneDataset, SceneSample } from './dataset.ts'
import { toRegion } from './pose-crop.ts'
import { warpNormalized } from './warp.ts'
import { planInferenceScales, type InferenceScale } from '../vision/bottom-up/inference-scales.ts'

/** A whole picture before it is decoded. */
export interface PlannedScene {
  readonly sample: SceneSample
  /** The largest scale first. */
  readonly views: readonly InferenceScale[]
}

/** A whole picture as the network gets it, at every scale. */
export interface PreparedScene {
  readonly sample: SceneSample
  /** The largest scale first. */
  readonly views: readonly SceneView[]
}

export interface SceneView extends InferenceScale {
  /** [height, width, 3], normalised. */
  readonly input: Float32Array
}

export function planScene(sample: SceneSample, inputSize: number, scales: readonly number[]): PlannedScene {
  const size = { width: sample.imageWidth, height: sample.imageHeight }
  return { sample, views: planInferenceScales(size, inputSize, scales) }
}

/** Decodes pictures and lays them into the network's input (method.md 9.4 step 1). @throws EngineError DATASET. */
export async function prepareScenes(
  dataset: SceneDataset,
  samples: readonly SceneSample[],
  inputSize: number,
  scales: readonly number[],
): Promise<readonly PreparedScene[]> {
  const scenes: PreparedScene[] = []
  for (const sample of samples) {
    scenes.push(await prepareScene(dataset, planScene(sample, inputSize, scales)))
  }
  return scenes
}

/** As {@link prepareScenes}, of one picture. */
export async function prepareScene(
  dataset: SceneDataset,
  { sample, views }: PlannedScene,
): Promise<PreparedScene> {
  const { image } = await dataset.load(sample)
  return {
    sample,
    views: views.map((view): SceneView => {
      const { width, height } = view
      const input = new Float32Array(height * width * 3)
      warpNormalized(image, toRegion(view.toImage, image), { values: input, offset: 0, width, height })
      return { ...view, input }
    }),
  }
}
