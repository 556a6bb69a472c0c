// Stand-in for Electron's default_app, which packaged Electron builds lack: `electron [flags] [-r module] <app dir or file> [args]`.
// An ES module on purpose: Electron holds `ready` back until this module, hence the app's main module, has been evaluated.
import { app } from 'electron'
import { readFileSync } from 'node:fs'
import Module from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const { appArgument, preloads } = readArguments(process.argv)
const where = resolve(appArgument)
if (preloads.length > 0) {
  Module._preloadModules(preloads.map((module) => resolve(module)))
}
Object.defineProperty(process, 'defaultApp', { configurable: false, enumerable: true, value: true })
const isFolder = applyManifest(where)
try {
  const file = Module._resolveFilename(where, null, true)
  app.setAppPath(isFolder ? where : dirname(file))
  await import(pathToFileURL(file).href)
} catch (error) {
  console.error('app failed to load:', error)
  process.exit(1)
}

function readArguments(argv) {
  const preloads = []
  for (let index = 1; index < argv.length; index++) {
    if (argv[index] === '-r' || argv[index] === '--require') {
      preloads.push(argv[++index])
    } else if (argv[index] === '-v' || argv[index] === '--version') {
      console.log(`v${process.versions.electron}`)
      process.exit(0)
    } else if (!argv[index].startsWith('-')) {
      return { appArgument: argv[index], preloads }
    }
  }
  console.error('usage: electron [flags] [-r module] <app>')
  process.exit(64)
}

/** @returns {boolean} whether `where` is a folder with a manifest, not a plain file */
function applyManifest(where) {
  let manifest
  try {
    manifest = JSON.parse(readFileSync(join(where, 'package.json'), 'utf8'))
  } catch {
    return false
  }
  if (manifest.version) {
    app.setVersion(manifest.version)
  }
  const name = manifest.productName ?? manifest.name
  if (name) {
    app.setName(name)
    app.setDesktopName?.(manifest.desktopName ?? `${name}.desktop`)
  }
  return true
}
