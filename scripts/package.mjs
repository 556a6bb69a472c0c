#!/usr/bin/env node
// Packs the desktop program, or checks what would be packed. Node built-ins only.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensureBuild } from './ensure-build.mjs'
import { projectRoot } from './setup/project-root.mjs'
import { Refusal } from './setup/run-command.mjs'
import { findSuitableNode, missingNodeMessage } from './suitable-node.mjs'

const HELP = `Packs the desktop program for the platform that it runs on.

  npm run package                          AppImage and deb, dmg, or nsis; electron-builder comes by npx, and downloads Electron
  npm run package -- --dry-run             checks configuration, fuses and contents; downloads and writes nothing but the build
  npm run package -- --dry-run --schema    also against electron-builder's own schema, which npm fetches

  Native parts are those of this machine, so each platform is packed on itself, after npm run setup.`

/** The same as in scripts/packaging/package-config.ts; a test compares them. */
export const BUILDER = 'electron-builder@26.17.0'

const args = process.argv.slice(2)
const unknown = args.filter((arg) => !['--dry-run', '--schema', '--help'].includes(arg))
if (args.includes('--help')) {
  console.log(HELP)
} else if (unknown.length > 0) {
  console.error(`unknown option ${unknown.join(', ')}; allowed are --dry-run, --schema, --help`)
  process.exitCode = 2
} else {
  process.exitCode = await main()
}

async function main() {
  const node = findSuitableNode()
  if (!node) {
    console.error(missingNodeMessage())
    return 3
  }
  try {
    await ensureBuild()
  } catch (error) {
    console.error(error instanceof Refusal ? error.message : error.stack)
    return 1
  }
  // The checks come first in both cases: a package that fails them is never made.
  const checked = run(node, [join(projectRoot, 'scripts/packaging/dry-run.ts'), ...args])
  if (checked !== 0 || args.includes('--dry-run')) {
    return checked
  }
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'
  return run(npx, ['--yes', BUILDER, '--config', 'electron-builder.config.ts'])
}

function run(command, commandArgs) {
  const { status, error } = spawnSync(command, commandArgs, { cwd: projectRoot, stdio: 'inherit' })
  if (error) {
    console.error(`${command}: ${error.message}`)
  }
  return status ?? 1
}
