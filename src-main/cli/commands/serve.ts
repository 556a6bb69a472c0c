import { spawn } from 'node:child_process'
import { EngineError } from '../../contract/index.ts'
import { findEngine, resolveDataFolder } from '../../engine/find-engine.ts'
import { isLoopback } from '../../engine/server/access.ts'
import { startEngine } from '../../engine/start-engine.ts'
import type { Engine } from '../../engine/start-engine.ts'
import { DATA_ARG, EXIT, integer, text } from '../command-line.ts'
import type { Command, CommandArgs, CommandContext } from '../command-line.ts'

/** Tried first so that a bookmark keeps working; when it is taken and none was asked for, any free one does. */
const USUAL_PORT = 7420

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
  const running = findEngine(resolveDataFolder(text(args, 'data')))
  if (running !== null) {
    terminal.err(`An engine (process ${String(running.pid)}) serves this data folder already:`)
    terminal.out(pageAddress(running))
    return EXIT.done
  }
  const host = text(args, 'host') ?? '127.0.0.1'
  if (!isLoopback(host)) {
    terminal.err(
      `Warning: ${host} can be reached from other machines, without encryption. Whoever has the token has the engine.`,
    )
  }
  const engine = await listen(args, host, context)
  terminal.out(`ScaleNAS Studio is at ${pageAddress(engine)}`)
  if (args['open'] === true) {
    openBrowser(pageAddress(engine))
  }
  await new Promise<void>((resolve) => {
    if (interrupted.aborted) {
      resolve()
    }
    interrupted.addEventListener('abort', () => resolve())
  })
  terminal.err('closing …')
  await engine.close()
  return EXIT.done
}

/** The token stays in the fragment, which a browser sends to nobody. */
function pageAddress({ url, token }: Pick<Engine, 'url' | 'token'>): string {
  return `${url}/#token=${token}`
}

async function listen(args: CommandArgs, host: string, { parts }: CommandContext): Promise<Engine> {
  const asked = integer(args, 'port', { min: 0, max: 65_535 })
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

function openBrowser(address: string): void {
  const hasDisplay =
    process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'])
  if (!hasDisplay) {
    return
  }
  const [command, ...before] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(command ?? 'xdg-open', [...before, address], { detached: true, stdio: 'ignore' })
  // No browser is no failure: the address is printed.
  child.on('error', () => undefined)
  child.unref()
}

const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}
