#!/usr/bin/env node
// `npm run setup`, and the postinstall step of `npm ci`: brings the parts that npm itself cannot. Node built-ins only; a second run
// only reads stamps.
import { reasonOf } from './setup/run-command.mjs'
import { createReporter } from './setup/terminal.mjs'
import { setUpElectron } from './setup-electron.mjs'
import { setUpTensorflow } from './setup-tensorflow.mjs'
import { findSuitableNode, missingNodeMessage } from './suitable-node.mjs'

const HELP = `Brings the parts that npm itself cannot, and says one line about each.

  npm run setup [-- --electron-test-build] [-- --check] [-- --gpu]

  node         the Node that the engine runs on                      needed
  tensorflow   native TensorFlow, checked by computing with it       needed; without it training is several times slower
  electron     the desktop window                                    optional; without it the studio opens in a browser

  --check                 only report
  --postinstall           never fail the install: always exit 0
  --electron-test-build   an older Electron for tests only, see node scripts/setup-electron.mjs --help
  --gpu, --cpu            which TensorFlow library, see node scripts/setup-tensorflow.mjs --help

  Exit code 0 when every needed part is ready, else 1.`

const flags = new Set(process.argv.slice(2))
if (flags.has('--help')) {
  console.log(HELP)
} else {
  process.exitCode = await main()
}

async function main() {
  const isPostinstall = flags.has('--postinstall')
  const isNodeReady = report('node', nodePart())
  const isTensorflowReady = report('tensorflow', await guarded(() => setUpTensorflow(tensorflowOptions())))
  report('electron', await guarded(() => setUpElectron(electronOptions())))
  return isPostinstall || (isNodeReady && isTensorflowReady) ? 0 : 1
}

function nodePart() {
  const node = findSuitableNode()
  return { isReady: node !== null, summary: node ? `ready: ${node}` : `not ready: ${missingNodeMessage()}` }
}

function tensorflowOptions() {
  const flavour = flags.has('--gpu') ? { flavour: 'gpu' } : flags.has('--cpu') ? { flavour: 'cpu' } : {}
  return { ...flavour, isCheck: flags.has('--check') }
}

function electronOptions() {
  const testBuild = flags.has('--electron-test-build') ? { isTestBuildAllowed: true } : {}
  return { ...testBuild, isCheck: flags.has('--check') }
}

function report(part, { isReady, summary }) {
  createReporter(part).say(summary)
  return isReady
}

/** A defect in one part must not hide the others, nor fail an install. */
async function guarded(setUp) {
  try {
    return await setUp()
  } catch (error) {
    return { isReady: false, summary: `not ready: ${reasonOf(error)}` }
  }
}
