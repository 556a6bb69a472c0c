import { join } from 'node:path'
import type { ModelCard, PredictFilesJob } from '../../contract/index.ts'

/** What a `predict-files` job has to know of its network. */
export type PredictNetwork = Omit<PredictFilesJob, 'kind' | 'images' | 'outputFolder' | 'longestShownSide'>

/** An exported candidate as the network that answers pictures: as it was scored, with folded norms. */
export function networkOfCard(folder: string, card: ModelCard): PredictNetwork {
  return {
    ...{ task: card.task, space: card.space, genotype: card.genotype },
    ...{ baseWidth: null, outputs: null, hasHrnetNames: false, upFusion: 'nearest' as const },
    weightsFile: join(folder, card.weights.file),
    ...{ inputHeight: card.input.height, inputWidth: card.input.width },
    ...{ flipTest: card.checks.protocol.flipTest, foldsNorms: true },
    ...{ skeleton: card.dataset.skeleton, classes: card.dataset.classes },
    grouping: card.grouping ?? null,
  }
}
