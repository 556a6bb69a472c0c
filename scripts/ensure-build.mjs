#!/usr/bin/env node
// Builds out/ when it is older than the sources. Everything it says goes to stderr: stdout belongs to the command that asked.
// Node built-ins only.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { isEntry } from './setup/is-entry.mjs'
import { withLock } from './setup/lock.mjs'
import { projectRoot } from './setup/project-root.mjs'
import { Refusal, runCommand } from './setup/run-command.mjs'
import { findSuitableNode, missingNodeMessage } from './suitable-node.mjs'

const SOURCES = [
  'src-main',
  'src-preload',
  'src-renderer',
  'electron.vite.config.ts',
  'package.json',
  'package-lock.json',
]
const KEPT_MS = 24 * 3_600_000
const stampFile = join(projectRoot, 'out/.stamp')
const entryFile = join(projectRoot, 'out/main/cli.js')

/** @throws {Refusal} when the build is needed and cannot be made, with the build's own words */
export async function ensureBuild() {
  if (isFresh()) {
    return
  }
  const onWait = () => console.error('[build] waiting for another build of this folder')
  await withLock(join(projectRoot, 'out/.lock'), { onWait }, async () => {
    if (!isFresh()) {
      await build()
    }
  })
}

function isFresh() {
  if (!existsSync(join(projectRoot, 'src-main'))) {
    return existsSync(entryFile) // an installed copy without sources runs what it brought
  }
  return existsSync(entryFile) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint()
}

async function build() {
  const builder = join(projectRoot, 'node_modules/electron-vite/bin/electron-vite.js')
  if (!existsSync(builder)) {
    throw new Refusal('out/ is not built and the build tools are not installed: npm ci')
  }
  const node = findSuitableNode()
  if (!node) {
    throw new Refusal(missingNodeMessage())
  }
  const startedAt = Date.now()
  console.error('[build] building the studio, once after each change of its sources')
  const current = fingerprint() // taken before: a file that changes during the build makes the next command build again
  const { code, output } = await runCommand(node, [builder, 'build'], { cwd: projectRoot })
  if (code !== 0) {
    throw new Refusal(`the build failed:\n${stripVTControlCharacters(output)}`)
  }
  writeFileSync(stampFile, current)
  removeOldFiles(join(projectRoot, 'out'), startedAt - KEPT_MS)
  console.error(`[build] ready in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}

/** Files of earlier builds stay for a day, because windows and engines that run since then may still load them. */
function removeOldFiles(folder, before) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      removeOldFiles(path, before)
    } else if (statSync(path).mtimeMs < before) {
      rmSync(path)
    }
  }
}

/** Names, sizes and times of all sources: a few hundred stat calls, some milliseconds. */
function fingerprint() {
  const hash = createHash('sha256')
  for (const name of SOURCES) {
    addToHash(hash, join(projectRoot, name))
  }
  return hash.digest('hex')
}

function addToHash(hash, path) {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) {
    return
  }
  if (stats.isDirectory()) {
    for (const name of readdirSync(path).sort()) {
      addToHash(hash, join(path, name))
    }
    return
  }
  hash.update(`${path} ${stats.size} ${stats.mtimeMs}\n`)
}

if (isEntry(import.meta.url)) {
  try {
    await ensureBuild()
  } catch (error) {
    console.error(`[build] ${error instanceof Refusal ? error.message : error.stack}`)
    process.exitCode = 1
  }
}
