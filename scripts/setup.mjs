import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
const args = process.argv.slice(2)
const p = spawnSync(process.execPath, [join(import.meta.dirname, 'setup-tensorflow.mjs'), ...args], {
  stdio: 'inherit',
})
process.exitCode = args.includes('--postinstall') ? 0 : (p.status ?? 1)
