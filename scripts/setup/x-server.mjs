// A private X server for tests on machines without a display. Node built-ins only.
import { spawn } from 'node:child_process'

const START_TIMEOUT_MS = 10_000
const SCREEN = '1600x1000x24' // the window's 1440x900 and some room for its frame

/** @returns {Promise<{ display: string, stop: () => void } | null>} null when there is no Xvfb; it picks a free display number by itself */
export function startXServer() {
  const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', SCREEN, '-nolisten', 'tcp', '-noreset'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  return new Promise((resolve) => {
    let printed = ''
    const timer = setTimeout(() => {
      child.kill()
      resolve(null)
    }, START_TIMEOUT_MS)
    const end = () => {
      clearTimeout(timer)
      resolve(null)
    }
    child.on('error', end)
    child.on('exit', end)
    child.stdio[3].on('data', (chunk) => {
      printed += chunk
      if (printed.includes('\n')) {
        clearTimeout(timer)
        resolve({ display: `:${printed.trim()}`, stop: () => child.kill() })
      }
    })
  })
}
