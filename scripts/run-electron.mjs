#!/usr/bin/env node
// Starts the desktop window, or a command that needs it. Node built-ins only.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { findElectron } from './electron-dist.mjs'
import { ensureBuild } from './ensure-build.mjs'
import { projectRoot } from './setup/project-root.mjs'
import { Refusal } from './setup/run-command.mjs'
import { startXServer } from './setup/x-server.mjs'
import { findSuitableNode } from './suitable-node.mjs'

const HELP = `Starts the desktop window, or a command that needs it.

  node scripts/run-electron.mjs [ARGS]              the built studio; exit code 69 and one sentence without Electron or a display
  node scripts/run-electron.mjs --dev               with a development server: the page changes as its sources do
  node scripts/run-electron.mjs --exec CMD [ARGS]   CMD with ELECTRON_EXEC_PATH, ELECTRON_OVERRIDE_DIST_PATH and a display set;
                                                    without a display a private Xvfb is started (also by SCALENAS_XVFB=1)

  SCALENAS_ELECTRON_TEST_BUILD=1   may use the test build, see node scripts/setup-electron.mjs --help`

/** "Service unavailable" of sysexits.h: no Electron or no display; the caller falls back to the browser. */
const UNAVAILABLE = 69

const args = process.argv.slice(2)
const children = new Set()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    const hasHeardItself = signal === 'SIGINT' && process.stdin.isTTY // a terminal sends Ctrl+C to the whole group
    for (const child of hasHeardItself ? [] : children) {
      child.kill(signal)
    }
  })
}

if (args[0] === '--help') {
  console.log(HELP)
} else {
  try {
    process.exitCode = await main()
  } catch (error) {
    console.error(`[desktop] ${error instanceof Refusal ? error.message : error.stack}`)
    process.exitCode = error instanceof Refusal ? UNAVAILABLE : 1
  }
}

async function main() {
  const mode = args[0] === '--exec' ? 'exec' : args[0] === '--dev' ? 'dev' : 'start'
  const rest = mode === 'start' ? args : args.slice(1)
  const electron = findElectron()
  if (!electron) {
    throw new Refusal('there is no Electron here (`npm run setup` says why and how to get it)')
  }
  const display = await obtainDisplay(mode)
  try {
    // The first for electron-vite, the second for require('electron') and so for Playwright.
    const environment = {
      ELECTRON_EXEC_PATH: electron.executable,
      ELECTRON_OVERRIDE_DIST_PATH: electron.dist,
      ...display.environment,
    }
    if (electron.kind === 'test' && mode !== 'exec') {
      console.error(
        `[desktop] Electron ${electron.version} is a TEST BUILD without security updates: not for real work`,
      )
    }
    return await start(mode, rest, electron, environment)
  } finally {
    display.stop()
  }
}

async function start(mode, rest, electron, environment) {
  if (mode === 'exec') {
    const [command, ...commandArgs] = rest
    return run(
      command === 'node' ? (findSuitableNode() ?? process.execPath) : command,
      commandArgs,
      environment,
    )
  }
  // The sandbox needs a user namespace that root does not get; nobody else ever runs without it.
  const isRoot = process.platform === 'linux' && process.getuid() === 0
  if (mode === 'dev') {
    const builder = join(projectRoot, 'node_modules/electron-vite/bin/electron-vite.js')
    return run(
      findSuitableNode() ?? process.execPath,
      [builder, 'dev', ...(isRoot ? ['--noSandbox'] : []), ...rest],
      environment,
    )
  }
  await ensureBuild()
  return run(electron.executable, [...(isRoot ? ['--no-sandbox'] : []), projectRoot, ...rest], environment)
}

async function obtainDisplay(mode) {
  const hasDisplay = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY
  if (hasDisplay) {
    return { environment: {}, stop: () => undefined }
  }
  if (mode !== 'exec' && process.env.SCALENAS_XVFB !== '1') {
    throw new Refusal('there is no display here (DISPLAY and WAYLAND_DISPLAY are empty)')
  }
  const server = await startXServer()
  if (!server) {
    throw new Refusal('there is no display and no Xvfb here (Debian: apt-get install xvfb)')
  }
  return { environment: { DISPLAY: server.display }, stop: server.stop }
}

function run(command, commandArgs, environment) {
  const inherited = { ...process.env }
  delete inherited.ELECTRON_RUN_AS_NODE // an editor's terminal sets it, and the studio would start as plain Node
  const child = spawn(command, commandArgs, {
    cwd: process.cwd(),
    stdio: 'inherit',
    env: { ...inherited, ...environment },
  })
  children.add(child)
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`[desktop] ${command}: ${error.message}`)
      children.delete(child)
      resolve(127)
    })
    child.on('exit', (code, signal) => {
      children.delete(child)
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}
