#!/usr/bin/env node
// Entry of `scalenas`: sees to a suitable Node and a fresh build, then runs the command line. Runs on Node 20 and newer.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuild } from '../scripts/ensure-build.mjs'
import { projectRoot } from '../scripts/setup/project-root.mjs'
import { Refusal } from '../scripts/setup/run-command.mjs'
import { findSuitableNode, isSuitable, missingNodeMessage } from '../scripts/suitable-node.mjs'

const MISSING_PART = 3 // the command line's exit code for it
const commandLine = join(projectRoot, 'out/main/cli.js')

const node = findSuitableNode()
if (node) {
  await start(node)
} else {
  console.error(`scalenas: ${missingNodeMessage()}`)
  process.exitCode = MISSING_PART
}

async function start(node) {
  try {
    await ensureBuild()
  } catch (error) {
    console.error(`scalenas: ${error instanceof Refusal ? error.message : error.stack}`)
    process.exitCode = MISSING_PART
    return
  }
  if (isSuitable()) {
    await import(pathToFileURL(commandLine).href)
  } else {
    process.exitCode = await runWith(node)
  }
}

/** Runs the command line as a child and passes on signals and its exit code. */
function runWith(node) {
  const child = spawn(node, [commandLine, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGHUP']) {
    // A closed terminal has sent SIGHUP to the child as well; there it counts once however often it comes.
    process.on(signal, () => child.kill(signal))
  }
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) {
      child.kill('SIGINT') // a terminal has sent Ctrl+C to the child as well, and twice would mean "at once"
    }
  })
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`scalenas: ${node}: ${error.message}`)
      resolve(MISSING_PART)
    })
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}
