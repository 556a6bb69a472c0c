// One status line on stderr while something long runs; results go to stdout. Node built-ins only.

const LINE_EVERY_MS = 15_000 // without a terminal a line is printed at each new stage, else at most this often

/**
 * @param {string} part - name in front of every line, for example "tensorflow"
 * @returns {{ status: (stage: string, detail?: string) => void, say: (text: string) => void }}
 */
export function createReporter(part) {
  const isTerminal = process.stderr.isTTY === true
  let lastStage = ''
  let lastAt = 0

  function status(stage, detail = '') {
    const text = `[${part}] ${stage}${detail ? ` ${detail}` : ''}`
    if (isTerminal) {
      process.stderr.write(`\r\x1b[K${text}`)
    } else if (stage !== lastStage || Date.now() - lastAt > LINE_EVERY_MS) {
      process.stderr.write(`${text}\n`)
      lastAt = Date.now()
    }
    lastStage = stage
  }

  function say(text) {
    if (isTerminal && lastStage) {
      process.stderr.write('\r\x1b[K')
    }
    lastStage = ''
    console.log(`[${part}] ${text}`)
  }

  return { status, say }
}
