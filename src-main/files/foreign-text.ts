import { EngineError } from '../contract/index.ts'
import { readRegularFile } from './regular-file.ts'
import type { FileOptions, ReadOptions } from './regular-file.ts'

/** Texts and JSON that other programs wrote, in the encodings that they write. */

/** Longest text that V8 can hold, with room; COCO's largest annotation file has 470 MB. */
export const MOST_TEXT_BYTES = 536_000_000
/** Lists of classes, boxes of a few pictures, genotypes and requests are written by hand or by small scripts. */
export const MOST_SMALL_BYTES = 64 * 1024 * 1024

/**
 * UTF-8, or UTF-16 where a byte-order mark says so; the mark is no part of the text.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) {
    return new TextDecoder('utf-16le').decode(bytes)
  }
  if (first === 0xfe && second === 0xff) {
    return new TextDecoder('utf-16be').decode(bytes)
  }
  return new TextDecoder('utf-8').decode(bytes)
}

/** @throws FileProblem. */
export async function readForeignText(path: string, options: ReadOptions): Promise<string> {
  return decodeText(await readRegularFile(path, options))
}

/** @throws EngineError with the code of the options, naming the file and what is wrong with it. */
export async function readForeignJson(path: string, options: ReadOptions): Promise<unknown> {
  return parseForeignJson(await readForeignText(path, options), { name: path, ...options })
}

/** @throws EngineError with the code of the options: `NAME is not JSON: …`. */
export function parseForeignJson(
  text: string,
  { name = 'the text', code = 'BAD_REQUEST' }: Pick<FileOptions, 'name' | 'code'> = {},
): unknown {
  try {
    return parseJson(text)
  } catch (thrown) {
    throw new EngineError(
      code,
      `${name} is not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    )
  }
}

/** @throws SyntaxError that says where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    throw new SyntaxError(describeProblem(text, thrown))
  }
}

/** Python writes these three, JSON knows none of them. Texts are passed over. */
const TEXT_OR_WORD = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g

function describeProblem(text: string, thrown: unknown): string {
  for (const { 0: found, index } of text.matchAll(TEXT_OR_WORD)) {
    if (!found.startsWith('"')) {
      return `it holds ${found}, which is no number of JSON (${placeOf(text, index)})`
    }
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const position = /at position (\d+)(?: \(line \d+ column \d+\))?/.exec(message)
  return position === null
    ? message
    : message.replace(position[0], `at ${placeOf(text, Number(position[1]))}`)
}

function placeOf(text: string, index: number): string {
  let line = 1
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0 && end < index; end = text.indexOf('\n', start)) {
    line += 1
    start = end + 1
  }
  return `line ${String(line)}, column ${String(index - start + 1)}`
}
