// libtensorflow out of the wheel that the Python package index carries: downloaded by pip, checked against its pinned sha256,
// and only the two libraries and fourteen headers are unpacked, once per machine, into the cache folder.
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheRoot, folderSize, freeMegabytes, sha256, toMegabytes } from './files.mjs'
import { firstErrorLine, Refusal, runCommand } from './run-command.mjs'
import {
  CPU_WHEELS,
  GPU_WHEELS,
  HEADERS,
  LIBRARIES,
  NEEDED_MEGABYTES,
  TENSORFLOW_VERSION,
} from './tensorflow-pins.mjs'
import { extractZipEntry, zipEntries } from './zip.mjs'

const DOWNLOAD_TIMEOUT_MS = 40 * 60_000
/** The tags of the pinned wheels, so that any python3 may download them. */
const PIP_TARGET = [
  ...['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--abi', 'none'],
  ...['--platform', 'manylinux_2_17_x86_64', '--platform', 'manylinux2014_x86_64'],
]

/** @throws {Refusal} where the wheels cannot run */
export function assertWheelPlatform() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Refusal(`the wheel route is for linux-x64 only, this is ${process.platform}-${process.arch}`)
  }
  if (!process.report.getReport().header.glibcVersionRuntime) {
    throw new Refusal('the wheel route needs glibc, this system seems to use musl')
  }
}

/**
 * @param {'cpu' | 'gpu'} flavour
 * @param {(stage: string, detail?: string) => void} status
 * @returns {Promise<string>} a folder with lib/, include/ and, for a GPU, nvidia/
 */
export async function tensorflowFromWheel(flavour, status) {
  const home = join(cacheRoot(), `libtensorflow-${TENSORFLOW_VERSION}-${flavour}`)
  const isComplete = () =>
    existsSync(join(home, '.complete')) && LIBRARIES.every((name) => existsSync(join(home, 'lib', name)))
  if (isComplete()) {
    return home
  }
  mkdirSync(cacheRoot(), { recursive: true })
  assertFreeDisk(flavour)
  const partial = mkdtempSync(join(cacheRoot(), 'unpacking-'))
  try {
    for (const pin of flavour === 'gpu' ? GPU_WHEELS : CPU_WHEELS) {
      await unpackWheel(await downloadWheel(pin, status), pin, partial, status)
    }
    if (flavour === 'gpu') {
      symlinkSync('cuda_nvrtc', join(partial, 'nvidia/nvrtc')) // cuDNN 9.3 looks for ../../nvrtc/lib
    }
    writeFileSync(join(partial, '.complete'), TENSORFLOW_VERSION)
    rmSync(home, { recursive: true, force: true })
    renameSync(partial, home)
  } catch (error) {
    if (!isComplete()) {
      throw error // else another process was faster
    }
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return home
}

function assertFreeDisk(flavour) {
  const needed = NEEDED_MEGABYTES[flavour]
  const free = freeMegabytes(cacheRoot())
  if (free < needed) {
    throw new Refusal(`${needed} MB of free disk are needed in ${cacheRoot()}, ${free} MB are free`)
  }
}

async function downloadWheel(pin, status) {
  const folder = join(cacheRoot(), 'wheels')
  mkdirSync(folder, { recursive: true })
  const target = join(folder, pin.file)
  if (existsSync(target) && (await sha256(target)) === pin.sha256) {
    return target
  }
  const partial = mkdtempSync(join(folder, 'download-'))
  try {
    const downloaded = await runPip(pin, partial, status)
    status(`checking ${pin.file}`)
    const sum = await sha256(downloaded)
    if (sum !== pin.sha256) {
      throw new Refusal(`${pin.file} has sha256 ${sum}, pinned is ${pin.sha256}`)
    }
    renameSync(downloaded, target)
    return target
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

async function runPip(pin, folder, status) {
  const [command, ...before] = await findPip()
  const startedAt = Date.now()
  const { output } = await runCommand(
    command,
    [
      ...before,
      ...['download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--disable-pip-version-check'],
      ...['--progress-bar', 'off', ...PIP_TARGET, '-d', folder, pin.requirement],
    ],
    {
      env: { TMPDIR: folder, PIP_NO_INPUT: '1' },
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
      onTick: () => {
        const percent = Math.min(99, Math.round((100 * toMegabytes(folderSize(folder))) / pin.megabytes))
        const seconds = Math.round((Date.now() - startedAt) / 1000)
        status(`downloading ${pin.requirement}`, `${percent} % of ${pin.megabytes} MB, ${seconds} s`)
      },
    },
  )
  const file = join(folder, pin.file)
  if (!existsSync(file)) {
    throw new Refusal(`pip could not download ${pin.requirement}: ${firstErrorLine(output)}`)
  }
  return file
}

async function findPip() {
  const pythons = [process.env.PYTHON, 'python3', 'python'].filter(Boolean)
  for (const command of [...pythons.map((python) => [python, '-m', 'pip']), ['pip3'], ['pip']]) {
    const [program, ...before] = command
    if ((await runCommand(program, [...before, '--version'], { timeoutMs: 30_000 })).code === 0) {
      return command
    }
  }
  throw new Refusal(
    'python3 with pip was not found; it only downloads the wheel (Debian: apt-get install python3-pip)',
  )
}

async function unpackWheel(file, pin, folder, status) {
  const fd = openSync(file, 'r')
  let unpacked = 0
  let bytes = 0
  try {
    for (const entry of zipEntries(fd)) {
      const target = targetOf(entry.name, folder)
      if (target) {
        mkdirSync(dirname(target), { recursive: true })
        await extractZipEntry(file, fd, entry, target, (count) => {
          bytes += count
          status(`unpacking ${pin.file.split('-')[0]}`, `${toMegabytes(bytes)} MB`)
        })
        unpacked++
      }
    }
  } finally {
    closeSync(fd)
  }
  if (unpacked === 0) {
    throw new Refusal(`${pin.file} holds none of the expected members`)
  }
  rmSync(file, { force: true })
}

function targetOf(name, folder) {
  const library = /^tensorflow\/(lib[^/]+)$/.exec(name)?.[1]
  if (library && LIBRARIES.includes(library)) {
    return join(folder, 'lib', library)
  }
  const header = /^tensorflow\/include\/(.+)$/.exec(name)?.[1]
  if (header && HEADERS.includes(header)) {
    return join(folder, 'include', header)
  }
  return /^nvidia\/[^/]+\/lib\/.+\.so/.test(name) ? join(folder, name) : null
}
