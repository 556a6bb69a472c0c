import type { SceneDataset, SceneSample } from '../datasets/dataset.ts'
import { toRegion } from '../datasets/pose-crop.ts'
import { warpNormalized } from '../datasets/warp.ts'
import { planInferenceScales, type InferenceScale } from '../vision/bottom-up/inference-scales.ts'

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

/** Decodes pictures and lays them into the network's input (method.md 9.4 step 1). @throws EngineError DATASET. */
export async function prepareScenes(
  dataset: SceneDataset,
  samples: readonly SceneSample[],
  inputSize: number,
  scales: readonly number[],
): Promise<readonly PreparedScene[]> {
  const scenes: PreparedScene[] = []
  for (const sample of samples) {
    const { image } = await dataset.load(sample)
    const size = { width: sample.imageWidth, height: sample.imageHeight }
    const views = planInferenceScales(size, inputSize, scales).map((view): SceneView => {
      const input = new Float32Array(view.height * view.width * 3)
      const { width, height } = view
      warpNormalized(image, toRegion(view.toImage, image), { values: input, offset: 0, width, height })
      return { ...view, input }
    })
    scenes.push({ sample, views })
  }
  return scenes
}
