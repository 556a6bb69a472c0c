const KEPT_LINES = 40

/** The last lines of a process's output, for the message that says why it died. */
export interface OutputTail {
  readonly add: (chunk: Buffer | string) => void
  readonly lines: () => readonly string[]
}

/** A process whose two outputs are piped; both kinds of child processes are one. */
export interface PipedOutput {
  readonly stdout: NodeJS.ReadableStream | null
  readonly stderr: NodeJS.ReadableStream | null
}

/** Keeps what the process prints; its errors are passed on as well, for a terminal that started the window. */
export function tailOutput({ stdout, stderr }: PipedOutput): OutputTail {
  const tail = createOutputTail()
  stdout?.on('data', tail.add)
  stderr?.on('data', (chunk: Buffer) => {
    tail.add(chunk)
    process.stderr.write(chunk)
  })
  return tail
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
