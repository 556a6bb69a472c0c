const KEPT_LINES = 40

/** The last lines of a process's output, for the message that says why it died. */
export interface OutputTail {
  readonly add: (chunk: Buffer | string) => void
  readonly lines: () => readonly string[]
}

export function createOutputTail(): OutputTail {
  let lines: string[] = ['']
  return {
    add(chunk) {
      const [first = '', ...rest] = String(chunk).split('\n')
      lines = [...lines.slice(0, -1), (lines.at(-1) ?? '') + first, ...rest].slice(-KEPT_LINES)
    },
    lines: () => lines.filter((line) => line.trim() !== ''),
  }
}
