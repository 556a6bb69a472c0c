#!/usr/bin/env node
// Makes the native backend of @tensorflow/tfjs-node-gpu compute. Node built-ins only, idempotent.
import { existsSync } from 'node:fs'
import { isEntry } from './setup/is-entry.mjs'
import { reasonOf, Refusal } from './setup/run-command.mjs'
import { createReporter } from './setup/terminal.mjs'
import {
  bindingFile,
  findPackageFolder,
  PACKAGE_NAME,
  readStamp,
  writeStamp,
} from './setup/tensorflow-package.mjs'
import { probeTensorflow } from './setup/tensorflow-probe.mjs'
import { installFromWheel, installOfficially } from './setup/tensorflow-sources.mjs'

const HELP = `Makes native TensorFlow compute: the package's own download if its host can be reached, else the library out of the
pinned Python wheel and one g++ call. A child process then really computes before anything is called ready.

  node scripts/setup-tensorflow.mjs [--gpu | --cpu] [--check] [--force] [--postinstall]

  --gpu, --cpu     which library; without either: the GPU library where an NVIDIA driver is found, else the CPU library
  --check          only report, install nothing
  --force          install again, whatever is there
  --postinstall    exit 0 even when something cannot be had

  SCALENAS_SKIP_TENSORFLOW=1  leave it out (training then uses the slower WebAssembly backend)
  SCALENAS_SETUP_CACHE=DIR    where downloads are kept (default: scalenas-studio in the user's cache folder)
  SCALENAS_TENSORFLOW_SOURCES=official,wheel   the order of the two ways
  PYTHON, CXX                 the python3 (with pip) and the C++ compiler to use`

const SOURCES = { official: installOfficially, wheel: installFromWheel }

/**
 * @param {{ flavour?: 'cpu' | 'gpu', isCheck?: boolean, isForced?: boolean }} [options]
 * @returns {Promise<{ isReady: boolean, summary: string }>} one line for a person
 */
export async function setUpTensorflow({ flavour = detectFlavour(), isCheck = false, isForced = false } = {}) {
  const { status } = createReporter('tensorflow')
  if (process.env.SCALENAS_SKIP_TENSORFLOW === '1') {
    return { isReady: false, summary: 'left out (SCALENAS_SKIP_TENSORFLOW is set)' }
  }
  try {
    const folder = findPackageFolder()
    if (!folder) {
      throw new Refusal(
        `${PACKAGE_NAME} is not installed (optional dependencies were left out: npm ci --include=optional)`,
      )
    }
    const present = isForced ? null : await inspect(folder, flavour, isCheck, status)
    if (!present && isCheck) {
      throw new Refusal('the native binding has not been installed')
    }
    return { isReady: true, summary: present ?? (await install({ folder, flavour, status })) }
  } catch (error) {
    const consequence = 'training falls back to WebAssembly, which is several times slower'
    return { isReady: false, summary: `not ready: ${reasonOf(error)}; ${consequence}; retry: npm run setup` }
  }
}

/** @returns {Promise<string | null>} the summary of working native parts, null when there are none */
async function inspect(folder, flavour, isCheck, status) {
  const stamp = isCheck ? null : readStamp(folder, flavour)
  if (stamp) {
    return describe(stamp, 'checked before')
  }
  if (!existsSync(bindingFile(folder))) {
    return null
  }
  status('checking what is there')
  const probe = await probeTensorflow(folder)
  if ('reason' in probe) {
    if (isCheck) {
      throw new Refusal(probe.reason)
    }
    return null
  }
  if (flavour === 'gpu' && !probe.isGpu && !isCheck) {
    return null // the CPU library was installed before a driver came
  }
  const found = { ...probe, flavour, source: 'found in place' }
  writeStamp(folder, found)
  return describe(found, 'computed correctly')
}

async function install({ folder, flavour, status }) {
  const order = sourceOrder()
  const reasons = []
  for (const library of flavour === 'gpu' ? ['gpu', 'cpu'] : ['cpu']) {
    for (const name of order) {
      try {
        const source = await SOURCES[name]({ folder, flavour: library, status })
        status('checking that it computes')
        const probe = await probeTensorflow(folder)
        if ('reason' in probe) {
          throw new Refusal(probe.reason)
        }
        const note = flavour === 'gpu' ? gpuNote(library, probe.isGpu, reasons) : ''
        const found = { ...probe, flavour, source: source + note }
        writeStamp(folder, found)
        return describe(found, 'computed correctly')
      } catch (error) {
        reasons.push(`${library} library, ${name}: ${reasonOf(error)}`)
      }
    }
  }
  throw new Refusal(reasons.join('; '))
}

function sourceOrder() {
  const names = (process.env.SCALENAS_TENSORFLOW_SOURCES ?? 'official,wheel').split(',')
  const unknown = names.find((name) => !(name in SOURCES))
  if (unknown !== undefined) {
    throw new Refusal(
      `SCALENAS_TENSORFLOW_SOURCES names "${unknown}"; allowed are ${Object.keys(SOURCES).join(', ')}`,
    )
  }
  return names
}

/** What a person who has or asked for a GPU should know, when TensorFlow computes on the CPU all the same. */
function gpuNote(library, isGpu, reasons) {
  if (isGpu) {
    return ''
  }
  return library === 'gpu'
    ? ', the GPU library, which sees no usable GPU'
    : `, as the GPU library could not be had: ${reasons.join('; ')}`
}

const describe = ({ version, isGpu, source }, how) =>
  `ready: native TensorFlow ${version} on the ${isGpu ? 'GPU' : 'CPU'} (${source}; ${how})`

function detectFlavour() {
  return process.platform === 'linux' && existsSync('/proc/driver/nvidia/version') ? 'gpu' : 'cpu'
}

if (isEntry(import.meta.url)) {
  const flags = new Set(process.argv.slice(2))
  if (flags.has('--help')) {
    console.log(HELP)
  } else {
    const { isReady, summary } = await setUpTensorflow({
      ...(flags.has('--gpu') ? { flavour: 'gpu' } : flags.has('--cpu') ? { flavour: 'cpu' } : {}),
      isCheck: flags.has('--check'),
      isForced: flags.has('--force'),
    })
    createReporter('tensorflow').say(summary)
    process.exitCode = isReady || flags.has('--postinstall') ? 0 : 1
  }
}
