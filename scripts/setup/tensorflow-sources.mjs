// The two ways to the native parts: the package's own installer, or the pinned wheel and one compiler call.
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { folderSize, toMegabytes } from './files.mjs'
import { mayBeReachable } from './network.mjs'
import { projectRoot } from './project-root.mjs'
import { firstErrorLine, Refusal, runCommand } from './run-command.mjs'
import { compileBinding, findCompiler, findNodeApiHeaders } from './tensorflow-compile.mjs'
import { bindingFile, librariesFolder, PACKAGE_NAME, removeNativeParts } from './tensorflow-package.mjs'
import { LIBRARIES, TENSORFLOW_VERSION } from './tensorflow-pins.mjs'
import { assertWheelPlatform, tensorflowFromWheel } from './tensorflow-wheel.mjs'

const STALL_MS = 120_000

/** @typedef {{ folder: string, flavour: 'cpu' | 'gpu', status: (stage: string, detail?: string) => void }} Installation */

/** @param {Installation} installation @returns {Promise<string>} where the parts came from, in words */
export async function installOfficially({ folder, flavour, status }) {
  const host = downloadHost(folder)
  if (host && !(await mayBeReachable(host))) {
    throw new Refusal('its download host does not resolve')
  }
  removeNativeParts(folder)
  const { output, hasStalled } = await runInstaller(folder, flavour, status)
  const libraries = ['libtensorflow.so', 'libtensorflow_framework.so'].map((name) =>
    join(librariesFolder(folder), name),
  )
  if (!existsSync(bindingFile(folder)) && libraries.every((file) => existsSync(file))) {
    status('compiling the binding') // the library arrived, the prebuilt addon did not
    const [compiler, nodeApiHeaders] = [await findCompiler(), findNodeApiHeaders()]
    await compileBinding({
      folder,
      compiler,
      nodeApiHeaders,
      tensorflowHeaders: join(folder, 'deps/include'),
      libraries,
    })
  }
  if (!existsSync(bindingFile(folder))) {
    throw new Refusal(
      hasStalled ? `its download stood still for ${STALL_MS / 1000} s` : firstErrorLine(output),
    )
  }
  return `official ${PACKAGE_NAME}`
}

/** @param {Installation} installation @returns {Promise<string>} where the parts came from, in words */
export async function installFromWheel({ folder, flavour, status }) {
  assertWheelPlatform() // cheap checks before 230 MB
  const compiler = await findCompiler()
  const nodeApiHeaders = findNodeApiHeaders()
  const home = await tensorflowFromWheel(flavour, status)
  removeNativeParts(folder)
  layOut(home, join(folder, 'deps'), flavour)
  status('compiling the binding')
  const libraries = LIBRARIES.map((name) => join(librariesFolder(folder), name))
  await compileBinding({
    folder,
    compiler,
    nodeApiHeaders,
    tensorflowHeaders: join(home, 'include'),
    libraries,
  })
  return `wheel ${TENSORFLOW_VERSION}`
}

function downloadHost(folder) {
  const script = readFileSync(join(folder, 'scripts/install.js'), 'utf8')
  return /https:\/\/([^/'"]+)/.exec(process.env.TFJS_NODE_CDN_STORAGE ?? script)?.[1]
}

async function runInstaller(folder, flavour, status) {
  const manifest = join(folder, 'package.json')
  const original = readFileSync(manifest)
  let hasStalled = false
  let size = -1
  let grownAt = Date.now()
  const binFolders = [join(folder, 'node_modules/.bin'), join(projectRoot, 'node_modules/.bin')]
  const { output } = await runCommand(process.execPath, ['scripts/install.js', flavour, 'download'], {
    cwd: folder,
    env: { PATH: [...binFolders, process.env.PATH].join(delimiter) },
    onTick: (stop) => {
      const bytes = folderSize(join(folder, 'deps'))
      grownAt = bytes === size ? grownAt : Date.now()
      size = bytes
      status('official download', `${toMegabytes(bytes)} MB`)
      if (Date.now() - grownAt > STALL_MS) {
        hasStalled = true
        stop()
      }
    },
  })
  writeFileSync(manifest, original) // install.js rewrites it, and leaves it changed when it fails
  return { output, hasStalled }
}

function layOut(home, target, flavour) {
  for (const name of LIBRARIES) {
    place(join(home, 'lib', name), join(target, 'lib', name))
  }
  if (flavour === 'gpu') {
    for (const part of readdirSync(join(home, 'nvidia'))) {
      const source = join(home, 'nvidia', part, 'lib')
      for (const name of readdirSync(source)) {
        place(realpathSync(join(source, name)), join(target, 'nvidia', part, 'lib', name))
      }
    }
  }
}

/** A hard link costs no disk and survives a cleaned cache; across file systems only a symbolic link is possible. */
function place(source, target) {
  mkdirSync(dirname(target), { recursive: true })
  rmSync(target, { force: true })
  try {
    linkSync(source, target)
  } catch {
    symlinkSync(source, target)
  }
}
