import type { RunConfig } from '../../src-main/contract/index.ts'
import { trainingTurns } from '../../src-main/nas/sampling.ts'
import type { SamplingTurn } from '../../src-main/nas/sampling.ts'
import { createSearchSpace } from '../../src-main/nas/search-space.ts'

export interface TurnLook {
  readonly label: string
  /** Place from the smallest (0) to the largest (1) group, for its colour. */
  readonly rank: number
}

/** Names and ranks of the turns of a run's sampling cycle, by turn; the cycle itself does not go from small to large. */
export function turnLooks(config: RunConfig): readonly TurnLook[] {
  const { layout, depthChoices, evolveLastModule } = config.space
  const space = createSearchSpace({ task: config.task, layout, depthChoices, evolveLastModule })
  const turns = trainingTurns(space, config.supernet.sampling)
  const bySize = turns.toSorted((a, b) => sizeOf(a) - sizeOf(b))
  return turns.map((turn) => ({
    label: turn.label,
    rank: turns.length < 2 ? 1 : bySize.indexOf(turn) / (turns.length - 1),
  }))
}

/** Orders turns as their expected cost does: by depth first, then by fusion rate. */
function sizeOf(turn: SamplingTurn): number {
  const meanDepth = turn.depthChoices.reduce((sum, depth) => sum + depth, 0) / turn.depthChoices.length
  return meanDepth + turn.fusionProbability / 4
}
