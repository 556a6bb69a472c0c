#!/usr/bin/env node
// Runs a TypeScript file of this project on a Node that strips types: `node scripts/run-sources.mjs FILE [ARGUMENTS]`.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { findSuitableNode, missingNodeMessage } from './suitable-node.mjs'

const node = findSuitableNode()
if (node) {
  const child = spawn(node, process.argv.slice(2), { stdio: 'inherit' })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
  })
} else {
  console.error(missingNodeMessage())
  process.exitCode = 3
}
