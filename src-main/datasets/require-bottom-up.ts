import { EngineError } from '../contract/index.ts'
import type { BottomUpTaskConfig, RunConfig } from '../contract/index.ts'

/** The settings of bottom-up pose. @throws EngineError BAD_REQUEST if the configuration has none. */
export function requireBottomUp({ bottomUp }: Pick<RunConfig, 'bottomUp'>): BottomUpTaskConfig {
  if (bottomUp === undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      'bottomUp: the task bottom-up-pose needs these settings; start from its preset',
    )
  }
  return bottomUp
}
