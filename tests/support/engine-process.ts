import { startEngine } from '../../src-main/engine/start-engine.ts'
import { RESOURCES_FOLDER } from './engine-core.ts'

/** An engine with the fake worker in a process of its own, for tests that kill it. ENGINE_DATA is its folder. */
const engine = await startEngine({
  dataFolder: process.env['ENGINE_DATA'] ?? '',
  workerEntry: new URL('./fake-worker.ts', import.meta.url),
  resourcesFolder: RESOURCES_FOLDER,
  rendererFolder: null,
  codeVersion: 'test',
})
process.send?.({ url: engine.url, token: engine.token })
process.once('SIGTERM', () => void engine.close().then(() => process.exit(0)))
process.once('disconnect', () => process.exit(0))
