import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError } from '../contract/index.ts'
import { findEngine, resolveDataFolder } from '../engine/find-engine.ts'
import type { EngineServices } from '../engine/services/engine-services.ts'
import { startEngine } from '../engine/start-engine.ts'
import { text } from './command-line.ts'
import type { CommandArgs, CommandContext } from './command-line.ts'
import { connectServices } from './remote-services.ts'

export interface OpenEngine {
  readonly services: EngineServices
  close(): Promise<void>
}

/** Another command may hold the folder for the moment that it needs. */
const TRIES = 20
const RETRY_MS = 250

/**
 * The engine that works on the data folder already, else one in this process for the time of the command. Runs that wait in the
 * folder are not started by a command that did not ask for them.
 */
export async function openEngine(args: CommandArgs, { parts }: CommandContext): Promise<OpenEngine> {
  const dataFolder = resolveDataFolder(text(args, 'data'))
  for (let attempt = 1; ; attempt += 1) {
    const running = findEngine(dataFolder)
    if (running !== null) {
      return connectServices({ ...running, token: () => findEngine(dataFolder)?.token ?? running.token })
    }
    try {
      return await startEngine({ ...parts, dataFolder, startsWaitingRuns: false })
    } catch (thrown) {
      const isHeld = thrown instanceof EngineError && thrown.code === 'CONFLICT'
      if (!isHeld || attempt === TRIES) {
        throw thrown
      }
      await sleep(RETRY_MS)
    }
  }
}

/** Opens the engine for the time of `work`. */
export async function withEngine<T>(
  args: CommandArgs,
  context: CommandContext,
  work: (services: EngineServices) => Promise<T>,
): Promise<T> {
  const engine = await openEngine(args, context)
  try {
    return await work(engine.services)
  } finally {
    await engine.close()
  }
}
