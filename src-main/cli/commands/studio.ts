import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { resolveDataFolder } from '../../engine/find-engine.ts'
import { DATA_ARG, text } from '../command-line.ts'
import type { Command } from '../command-line.ts'
import { withUserUmask } from '../user-files.ts'
import { serve } from './serve.ts'

/** The starter's word for "no Electron or no display here"; it has said why on stderr. */
const UNAVAILABLE = 69

export const studioCommand: Command = {
  description: 'Open the desktop window; without Electron or a display, serve the same in a browser',
  example: 'scalenas studio',
  args: { ...DATA_ARG },
  async run(args, context) {
    const script = fileURLToPath(new URL('scripts/run-electron.mjs', context.parts.projectRoot))
    const dataFolder = resolveDataFolder(text(args, 'data'))
    const code = await withUserUmask(context, () => runNode(script, dataFolder))
    if (code !== UNAVAILABLE) {
      return code
    }
    context.terminal.err('Open the address below in a browser instead; it is the same studio.')
    return serve({ ...args, open: true }, context)
  },
}

function runNode(script: string, dataFolder: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script], {
      stdio: 'inherit',
      env: { ...process.env, SCALENAS_DATA: dataFolder },
    })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
