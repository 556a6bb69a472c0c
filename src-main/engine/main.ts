import { EngineError, outsideArchive, toErrorInfo } from '../contract/index.ts'
import { findEngine, resolveDataFolder } from './find-engine.ts'
import type { EngineAddress } from './find-engine.ts'
import { connectToParent } from './parent-port.ts'
import { readCodeVersion } from './code-version.ts'
import { startEngine } from './start-engine.ts'

/**
 * Process entry of the desktop: starts the engine, tells its address to the parent, ends with it. Where another engine (a
 * command line at work) has the data folder, its address is told instead, and this process ends when that engine does.
 */
const isSource = import.meta.url.endsWith('.ts')
const dataFolder = resolveDataFolder(undefined)
const ANOTHER_ENGINE_POLL_MS = 1000

// What the engine and its workers write is for its owner alone.
process.umask(0o077)
const parent = connectToParent()

try {
  await serve()
} catch (thrown) {
  const other = thrown instanceof EngineError && thrown.code === 'CONFLICT' ? findEngine(dataFolder) : null
  if (other === null) {
    const { code, message, details } = toErrorInfo(thrown)
    console.error([`${code}: ${message}`, ...details].join('\n'))
    process.exit(1)
  }
  follow(other)
}

async function serve(): Promise<void> {
  const tell = (token: string): void => parent.send({ kind: 'engine-ready', url: engine.url, token })
  const engine = await startEngine({
    dataFolder,
    workerEntry: new URL(isSource ? '../worker/main.ts' : './worker.js', outsideArchive(import.meta.url)),
    resourcesFolder: new URL('../../resources/', import.meta.url),
    rendererFolder: new URL(isSource ? '../../out/renderer/' : '../renderer/', import.meta.url),
    codeVersion:
      process.env['SCALENAS_VERSION'] ??
      (await readCodeVersion(new URL('../../package.json', import.meta.url))),
    devOrigin: process.env['SCALENAS_DEV_ORIGIN'] ?? null,
    onTokenRenewed: tell,
  })
  const end = (): void => {
    void engine.close().finally(() => process.exit(0))
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, end)
  }
  parent.onGone(end)
  tell(engine.token)
}

function follow(other: EngineAddress): void {
  parent.onGone(() => process.exit(0))
  parent.send({ kind: 'engine-ready', url: other.url, token: other.token })
  let { token } = other
  setInterval(() => {
    const now = findEngine(dataFolder)
    if (now?.pid !== other.pid) {
      process.exit(0)
    }
    if (now.token !== token) {
      ;({ token } = now)
      parent.send({ kind: 'engine-ready', url: now.url, token })
    }
  }, ANOTHER_ENGINE_POLL_MS)
}
