// Runs a program and keeps the end of what it printed. Node built-ins only.
import { spawn } from 'node:child_process'

const KEPT_CHARACTERS = 8000

/**
 * Never throws: a program that cannot be started gives code -1.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, timeoutMs?: number, onTick?: (stop: () => void) => void }} [options]
 *   `env` is laid over the own environment; `onTick` is called twice a second and may stop the program.
 * @returns {Promise<{ code: number, signal: string | null, output: string }>} the last 8,000 characters of both outputs
 */
export function runCommand(command, args, { cwd, env, timeoutMs = 15 * 60_000, onTick } = {}) {
  return new Promise((resolve) => {
    let output = ''
    const keep = (text) => {
      output = (output + text).slice(-KEPT_CHARACTERS)
    }
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stop = () => child.kill('SIGKILL')
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const timer = setTimeout(() => {
      keep(`\ntimed out after ${timeoutMs / 1000} s`)
      stop()
    }, timeoutMs)
    const ticker = onTick ? setInterval(() => onTick(stop), 500) : undefined
    const end = (code, signal = null) => {
      clearTimeout(timer)
      clearInterval(ticker)
      resolve({ code: code ?? -1, signal, output })
    }
    child.on('error', (error) => {
      keep(error.message)
      end(-1)
    })
    child.on('close', end)
  })
}

/** The line of an output that most likely says what went wrong, at most 200 characters. */
export function firstErrorLine(output) {
  const lines = output.trim().split('\n')
  const telling = lines.findLast((line) => /error|failed|timed out|No matching|not found/i.test(line))
  return (telling ?? lines.at(-1) ?? 'unknown error').trim().slice(0, 200)
}

/** An expected reason why a part cannot be had; its message is one clause for a person. */
export class Refusal extends Error {}

/** One clause for a person, whatever was thrown; a defect of ours keeps its stack. */
export function reasonOf(error) {
  return error instanceof Refusal ? error.message : String(error?.stack ?? error)
}
