#!/usr/bin/env node
// `npm test`: everything, from the system packages to the desktop window. Node built-ins only.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBuild } from './ensure-build.mjs'
import { projectRoot } from './setup/project-root.mjs'
import { reasonOf } from './setup/run-command.mjs'
import { readVitestReport } from './setup/vitest-report.mjs'
import { setUpElectron } from './setup-electron.mjs'
import { setUpTensorflow } from './setup-tensorflow.mjs'
import { findSuitableNode, missingNodeMessage } from './suitable-node.mjs'
import { ensureSystemPackages } from './system-packages.mjs'

const HELP = `Runs every test: unit, golden, integration, the browser and the real desktop window.

  npm test [-- PART ...]      parts: unit, integration, browser, desktop; without a name all of them

  Before that it brings what the tests need: system packages (as root on Debian), native TensorFlow, Electron (where the official
  one cannot be had: a pinned older build for tests only) and a fresh build. A part that could not run counts as failed.
  The last line is "N passed, N failed, N skipped"; exit code 0 only when nothing failed.`

const VITEST = join(projectRoot, 'node_modules/vitest/vitest.mjs')
const E2E = ['--config', 'tests/e2e/vitest.config.ts']

/** Minutes that a part may take; all of them together stay below what the checks of the project allow. */
const PARTS = {
  unit: { minutes: 12, args: ['--project', 'unit', '--project', 'renderer', '--project', 'golden'] },
  integration: { minutes: 20, args: ['--project', 'integration'] },
  browser: { minutes: 8, args: [...E2E, '--project', 'browser'] },
  desktop: { minutes: 12, args: [...E2E, '--project', 'desktop'], needsWindow: true },
}

process.env.SCALENAS_ELECTRON_TEST_BUILD = '1' // for tests only, which these are
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
const INTERRUPTED = 130
let isInterrupted = false
const failed = []
const skipped = []
let passed = 0

const names = process.argv.slice(2)
const unknown = names.filter((name) => !(name in PARTS))
if (names.includes('--help')) {
  console.log(HELP)
} else if (unknown.length > 0) {
  console.error(`unknown part ${unknown.join(', ')}; allowed are ${Object.keys(PARTS).join(', ')}`)
  process.exitCode = 2
} else {
  await main(names.length > 0 ? names : Object.keys(PARTS))
}

async function main(parts) {
  const node = findSuitableNode()
  if (node) {
    await prepare(parts)
    const reports = mkdtempSync(join(tmpdir(), 'scalenas-tests-'))
    for (const part of parts) {
      if (!isInterrupted) {
        await runPart(part, node, join(reports, `${part}.json`))
      }
    }
    rmSync(reports, { recursive: true, force: true })
  } else {
    failed.push(missingNodeMessage())
  }
  summarise()
  process.exitCode = isInterrupted ? INTERRUPTED : failed.length > 0 ? 1 : 0
}

async function prepare(parts) {
  if (parts.includes('browser') || parts.includes('desktop')) {
    record('packages', ensureSystemPackages())
  }
  record('tensorflow', await setUpTensorflow())
  if (parts.includes('desktop')) {
    record('electron', await setUpElectron({ isTestBuildAllowed: true }))
  }
  try {
    await ensureBuild()
  } catch (error) {
    failed.push(`build: ${reasonOf(error)}`)
  }
}

function record(part, { isReady, summary }) {
  console.log(`[${part}] ${summary}`)
  if (!isReady) {
    failed.push(`${part}: ${summary}`)
  }
}

async function runPart(part, node, report) {
  const { minutes, args, needsWindow = false } = PARTS[part]
  console.log(`\n== ${part} ==`)
  const startedAt = Date.now()
  const vitest = [VITEST, 'run', ...args, '--reporter=default', '--reporter=json', `--outputFile=${report}`]
  const command = needsWindow
    ? [join(import.meta.dirname, 'run-electron.mjs'), '--exec', 'node', ...vitest]
    : vitest
  const exitCode = await run(node, command, minutes)
  const counts = readVitestReport(report, exitCode)
  passed += counts.passed
  failed.push(...counts.failed.map((name) => `${part}: ${name}`))
  skipped.push(...counts.skipped.map((name) => `${part}: ${name}`))
  console.log(
    `== ${part}: ${counts.passed} passed, ${counts.failed.length} failed in ${Math.round((Date.now() - startedAt) / 1000)} s ==`,
  )
}

/** @returns {Promise<number>} the exit code; 124 when the time was over */
function run(node, args, minutes) {
  // A group of its own, so that nothing that a part started outlives it.
  const child = spawn(node, args, {
    cwd: projectRoot,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
  const end = (signal) => {
    try {
      process.kill(-child.pid, signal)
    } catch {
      // the group is gone already
    }
  }
  const interrupt = () => {
    isInterrupted = true
    end('SIGINT')
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      console.error(`this part took longer than ${minutes} minutes and was ended`)
      end('SIGKILL')
      resolve(124)
    }, minutes * 60_000)
    child.on('error', (error) => {
      console.error(error.message)
      resolve(127)
    })
    child.on('exit', (code) => {
      clearTimeout(timer)
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', interrupt)
      end('SIGKILL')
      resolve(code ?? 1)
    })
  })
}

function summarise() {
  console.log('')
  for (const name of skipped) {
    console.log(`skipped  ${name}`)
  }
  for (const name of failed) {
    console.log(`FAILED   ${name}`)
  }
  const skippedPart = skipped.length > 0 ? `, ${skipped.length} skipped` : ''
  console.log(`${passed} passed, ${failed.length} failed${skippedPart}`)
}
