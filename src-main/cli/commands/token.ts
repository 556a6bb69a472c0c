import { findEngine, resolveDataFolder } from '../../engine/find-engine.ts'
import type { EngineAddress } from '../../engine/find-engine.ts'
import { readStoredToken, renewStoredToken } from '../../engine/stored-token.ts'
import { DATA_ARG, EXIT, flag, JSON_ARG, text } from '../command-line.ts'
import type { Command } from '../command-line.ts'
import { pageAddress } from '../page-address.ts'
import { connectServices } from '../remote-services.ts'

export const tokenCommand: Command = {
  description: 'Print the address with the token that opens the studio, or make a new token',
  example: 'scalenas token --renew',
  args: {
    renew: { type: 'boolean', description: 'Make a new token; the old one ends at once' },
    ...JSON_ARG,
    ...DATA_ARG,
  },
  async run(args, { terminal }) {
    const dataFolder = resolveDataFolder(text(args, 'data'))
    const token = flag(args, 'renew') ? await renew(dataFolder) : null
    const running = findEngine(dataFolder)
    const current = token ?? running?.token ?? readStoredToken(dataFolder)
    const url = running?.url ?? null
    if (flag(args, 'json')) {
      terminal.out(JSON.stringify({ token: current, url }, null, 2))
      return EXIT.done
    }
    if (token !== null) {
      terminal.err('There is a new token. Pages that are open ask for it; saved addresses have the old one.')
    }
    if (url === null) {
      terminal.err('No engine serves this data folder now; the next one takes this token:')
    }
    terminal.out(url === null ? current : pageAddress({ url, token: current }))
    return EXIT.done
  },
}

/** By the engine where one runs, so that the old token ends with its connections; else by the file. */
async function renew(dataFolder: string): Promise<string> {
  const running = findEngine(dataFolder)
  if (running !== null) {
    return renewThrough(running, dataFolder)
  }
  const token = renewStoredToken(dataFolder)
  // An engine that started in between read the old one.
  const started = findEngine(dataFolder)
  return started === null || started.token === token ? token : renewThrough(started, dataFolder)
}

async function renewThrough(running: EngineAddress, dataFolder: string): Promise<string> {
  const remote = connectServices(running)
  try {
    await remote.services.system.renewToken()
  } finally {
    await remote.close()
  }
  return readStoredToken(dataFolder)
}
