import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** True when the module was started as a program, not imported; `import.meta.main` is younger than Node 20. */
export function isEntry(moduleUrl) {
  const started = process.argv[1]
  return started !== undefined && realpathSync(started) === fileURLToPath(moduleUrl)
}
