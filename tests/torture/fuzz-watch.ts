import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { FuzzMessage, FuzzOrder, FuzzPart } from './fuzz-case.ts'

/** Whoever is silent for so long hangs, whether or not the processor is at work. */
const HANG_MS = 120_000
const LOOK_EVERY_MS = 500
/** Linux counts the time of a process in hundredths of a second. */
const TICKS_PER_SECOND = 100

export interface Watcher {
  /** A case that has used so much of the processor without an end hangs. */
  readonly hangCpuMs: number
  readonly onMessage: (message: FuzzMessage) => void
  readonly onDeath: (death: {
    readonly kind: 'hang' | 'crash'
    readonly reader: string
    readonly number: number
    readonly detail: string
  }) => void
  /** Asked between two cases; true ends the rest. */
  readonly isOver: (reader: string) => boolean
}

/** Runs all parts, in new processes after those that a file has killed. */
export async function watchParts(order: FuzzOrder, watcher: Watcher): Promise<void> {
  let parts = order.parts
  while (parts.length > 0) {
    parts = await watchChild({ ...order, parts }, watcher)
  }
}

/** @returns What is left to do. */
function watchChild(
  order: FuzzOrder,
  { hangCpuMs, onMessage, onDeath, isOver }: Watcher,
): Promise<readonly FuzzPart[]> {
  const child = fork(new URL('fuzz-child.ts', import.meta.url), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let last: { readonly reader: string; readonly number: number } | null = null
  let errors = ''
  let hang = ''
  let hasEnded = false
  let isSkipping = false
  let silence = startSilence(child, hangCpuMs)
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = `${errors}${chunk.toString()}`.slice(-2000)
  })
  const timer = setInterval(() => {
    hang = silence()
    if (hang !== '') {
      child.kill('SIGKILL')
    }
  }, LOOK_EVERY_MS)
  return new Promise((resolve) => {
    child.on('message', (message: FuzzMessage) => {
      silence = startSilence(child, hangCpuMs)
      last = message.kind === 'started' ? { ...message, number: message.number - 1 } : message
      onMessage(message)
      if (isOver(message.reader) && !isSkipping) {
        isSkipping = true
        child.kill('SIGKILL')
      }
    })
    child.on('disconnect', () => {
      hasEnded = true
    })
    child.on('exit', (code, signal) => {
      clearInterval(timer)
      if (isSkipping) {
        resolve(
          order.parts.filter(
            ({ reader }) => reader !== last?.reader && !isBefore(order.parts, reader, last?.reader),
          ),
        )
        return
      }
      if (hasEnded && code === 0) {
        resolve([])
        return
      }
      const reader = last?.reader ?? order.parts[0]?.reader ?? ''
      const number = (last?.number ?? -1) + 1
      const detail = hang === '' ? `${signal ?? `exit code ${String(code)}`}: ${errors}` : hang
      onDeath({ kind: hang === '' ? 'crash' : 'hang', reader, number, detail })
      resolve(restAfter(order.parts, reader, number))
    })
    child.send(order)
  })
}

function isBefore(parts: readonly FuzzPart[], reader: string, last: string | undefined): boolean {
  const index = (name: string | undefined): number => parts.findIndex((part) => part.reader === name)
  return index(reader) < index(last)
}

function restAfter(parts: readonly FuzzPart[], reader: string, number: number): readonly FuzzPart[] {
  return parts
    .filter((part) => !isBefore(parts, part.reader, reader))
    .map((part) => (part.reader === reader ? { ...part, from: number + 1 } : part))
    .filter(({ from, to }) => from < to)
}

/** @returns Why the silence since now is too long; empty while it is not. */
function startSilence(child: ChildProcess, hangCpuMs: number): () => string {
  const startedAt = performance.now()
  const cpuBefore = readCpuMs(child.pid)
  return () => {
    const cpu = readCpuMs(child.pid) - cpuBefore
    if (cpu > hangCpuMs) {
      return `no end after ${String(Math.round(cpu))} ms of the processor`
    }
    return performance.now() - startedAt > HANG_MS ? `no answer for ${String(HANG_MS / 1000)} s` : ''
  }
}

function readCpuMs(pid: number | undefined): number {
  try {
    const fields =
      readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
        .split(') ')[1]
        ?.split(' ') ?? []
    return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000
  } catch {
    return 0 // another system: then the clock alone decides
  }
}
