import type { NetworkShape } from '../../src-main/nas/network-plan.types.ts'
import { createSearchSpace } from '../../src-main/nas/search-space.ts'

/** The space of micro-pose and its network: small enough to plan dozens of sub-networks in a moment. */
export const smallSpace = createSearchSpace({
  task: 'pose',
  layout: [
    [2, 1],
    [3, 1],
  ],
  depthChoices: [1, 2, 3],
  evolveLastModule: true,
})

export const smallShape: NetworkShape = {
  ...{ task: 'pose', baseWidth: 8, stemChannels: 16, layer1Blocks: 1, layer1Planes: 8 },
  ...{ inputHeight: 64, inputWidth: 64, outputs: 14 },
}
