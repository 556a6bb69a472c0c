import { createWriteStream, mkdirSync } from 'node:fs'
import type { WriteStream } from 'node:fs'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'

const KEPT_LINES = 200
/** A line without end (a progress bar of a library) is cut, or it would grow without limit. */
const LINE_LIMIT = 4000

/** Keeps the last lines of a process's output, and copies all of it to the log file that is set. */
export interface OutputTail {
  readonly lines: () => readonly string[]
  attach(stream: Readable): void
  /** Where output goes from now on; null: nowhere. */
  setLogFile(file: string | null): void
}

export function createOutputTail(): OutputTail {
  const kept: string[] = []
  let log: { readonly file: string; readonly stream: WriteStream } | null = null

  const keep = (line: string): void => {
    kept.push(line.slice(0, LINE_LIMIT))
    if (kept.length > KEPT_LINES) {
      kept.shift()
    }
  }

  return {
    lines: () => [...kept],
    attach(stream) {
      let rest = ''
      stream.setEncoding('utf8')
      stream.on('data', (chunk: string) => {
        log?.stream.write(chunk)
        const lines = (rest + chunk).split('\n')
        rest = (lines.pop() ?? '').slice(-LINE_LIMIT)
        lines.forEach(keep)
      })
      stream.on('end', () => {
        if (rest !== '') {
          keep(rest)
          rest = ''
        }
      })
    },
    setLogFile(file) {
      if (file === (log?.file ?? null)) {
        return
      }
      log?.stream.end()
      log = file === null ? null : { file, stream: openLog(file, keep) }
    },
  }
}

/** A log that cannot be written (full disk) must not end the run: the reason goes to the tail, which is shown. */
function openLog(file: string, keep: (line: string) => void): WriteStream {
  try {
    mkdirSync(dirname(file), { recursive: true })
  } catch (thrown) {
    keep(`log ${file}: ${String(thrown)}`)
  }
  const stream = createWriteStream(file, { flags: 'a' })
  stream.on('error', (error) => {
    keep(`log ${file}: ${error.message}`)
  })
  return stream
}
