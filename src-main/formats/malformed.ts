import { EngineError } from '../contract/index.ts'

/** Longest piece of a file that a message repeats: names in a hostile file may be megabytes long. */
const QUOTED_CHARACTERS = 80

/** The refusal of a file: `format: what is wrong`. The caller adds the name of the file. */
export function malformed(format: string, message: string): EngineError {
  return new EngineError('BAD_REQUEST', `${format}: ${message}`)
}

/** Text of a file for a message: cut, control characters escaped. */
export function quoted(text: string): string {
  const shown = text.length > QUOTED_CHARACTERS ? `${text.slice(0, QUOTED_CHARACTERS)}…` : text
  return JSON.stringify(shown)
}
