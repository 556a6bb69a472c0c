import { EngineError } from '../../contract/index.ts'
import { removeEntryPage } from '../../engine/entry-page.ts'
import { findEngine, resolveDataFolder } from '../../engine/find-engine.ts'
import type { EngineAddress } from '../../engine/find-engine.ts'
import { isLoopback } from '../../engine/server/access.ts'
import { startEngine } from '../../engine/start-engine.ts'
import type { Engine } from '../../engine/start-engine.ts'
import { DATA_ARG, EXIT, integer, text } from '../command-line.ts'
import type { Command, CommandArgs, CommandContext } from '../command-line.ts'
import { openBrowser } from '../open-browser.ts'
import { listOutwardUrls, pageAddress } from '../page-address.ts'
import { connectServices } from '../remote-services.ts'
import { withUserUmask } from '../user-files.ts'

/** Tried first so that a bookmark keeps working; when it is taken and none was asked for, any free one does. */
const USUAL_PORT = 7420
const DEFAULT_HOST = '127.0.0.1'

export const serveCommand: Command = {
  description: 'Run the engine with its web page',
  example: 'scalenas serve --port 7420 --no-open',
  args: {
    port: {
      type: 'string',
      valueHint: 'N',
      description: `Port (default: ${String(USUAL_PORT)}, or a free one)`,
    },
    host: { type: 'string', valueHint: 'H', description: 'Address to listen on (default: 127.0.0.1)' },
    open: { type: 'boolean', default: true, description: 'Open a browser where there is a display' },
    ...DATA_ARG,
  },
  run: serve,
}

export async function serve(args: CommandArgs, context: CommandContext): Promise<number> {
  const { terminal, interrupted } = context
  const dataFolder = resolveDataFolder(text(args, 'data'))
  const running = findEngine(dataFolder)
  if (running !== null) {
    await refuseOtherAddress(args, running)
    terminal.err(`An engine (process ${String(running.pid)}) serves this data folder already:`)
    terminal.out(pageAddress(running))
    return EXIT.done
  }
  const host = text(args, 'host') ?? DEFAULT_HOST
  if (!isLoopback(host)) {
    terminal.err(
      `Warning: ${host} can be reached from other machines, without encryption. Whoever has the token has the engine.`,
    )
  }
  const engine = await listen(args, host, context)
  terminal.out(`ScaleNAS Studio is at ${pageAddress(engine)}`)
  listOutwardUrls(host, Number(new URL(engine.url).port)).forEach((url) => {
    terminal.out(`From other machines: ${pageAddress({ url, token: engine.token })}`)
  })
  if (args['open'] === true) {
    withUserUmask(context, () => {
      openBrowser(dataFolder, pageAddress(engine))
    })
  }
  await new Promise<void>((resolve) => {
    if (interrupted.aborted) {
      resolve()
    }
    interrupted.addEventListener('abort', () => resolve())
  })
  terminal.err('closing …')
  removeEntryPage(dataFolder)
  await engine.close()
  return EXIT.done
}

/** @throws EngineError CONFLICT when the engine that runs listens elsewhere than asked. */
async function refuseOtherAddress(args: CommandArgs, running: EngineAddress): Promise<void> {
  const host = text(args, 'host')
  const port = askedPort(args)
  if (host === undefined && port === undefined) {
    return
  }
  const remote = connectServices(running)
  try {
    const { listening } = await remote.services.system.status()
    const isSameHost = host === undefined || plainHost(host) === plainHost(listening.host)
    const isSamePort = port === undefined || port === 0 || port === listening.port
    if (!isSameHost || !isSamePort) {
      const asked = [host ?? null, port ?? null].filter((part) => part !== null).join(':')
      throw new EngineError(
        'CONFLICT',
        `The data folder is served already by process ${String(running.pid)} at ${listening.host}:${String(listening.port)} (${running.url}), not at ${asked}. ` +
          'Stop that engine, leave --host and --port out, or give another folder with --data.',
      )
    }
  } finally {
    await remote.close()
  }
}

async function listen(args: CommandArgs, host: string, { parts }: CommandContext): Promise<Engine> {
  const asked = askedPort(args)
  const options = {
    ...parts,
    host,
    dataFolder: resolveDataFolder(text(args, 'data')),
    devOrigin: process.env['SCALENAS_DEV_ORIGIN'] ?? null,
  }
  try {
    return await startEngine({ ...options, port: asked ?? USUAL_PORT })
  } catch (thrown) {
    const isTaken =
      thrown instanceof EngineError && thrown.code === 'CONFLICT' && thrown.message.includes('EADDRINUSE')
    if (asked !== undefined || !isTaken) {
      throw thrown
    }
    return startEngine({ ...options, port: 0 })
  }
}

function plainHost(host: string): string {
  return host === 'localhost' ? DEFAULT_HOST : host
}

function askedPort(args: CommandArgs): number | undefined {
  return integer(args, 'port', { min: 0, max: 65_535 })
}
