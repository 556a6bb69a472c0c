import { readFile } from 'node:fs/promises'
import { EngineError } from '../../contract/index.ts'

/** A JSON file of somebody else, with its name for messages. */
export interface NamedJson {
  readonly file: string
  readonly value: unknown
}

export type JsonRecord = Readonly<Record<string, unknown>>

/** @throws EngineError BAD_REQUEST naming the file and what is wrong with it. */
export async function readJsonFile(file: string): Promise<NamedJson> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (thrown) {
    throw new EngineError('BAD_REQUEST', `${file} cannot be read: ${messageOf(thrown)}`)
  }
  try {
    return { file, value: JSON.parse(text) as unknown }
  } catch (thrown) {
    // Python writes these three, JSON knows none of them.
    const word = /[:[,]\s*(NaN|-?Infinity)\b/.exec(text)?.[1]
    const reason = word === undefined ? messageOf(thrown) : `it holds ${word}, which is no number of JSON`
    throw new EngineError('BAD_REQUEST', `${file} is not JSON: ${reason}`)
  }
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** "an object", "text" … for messages. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) {
    return 'a list'
  }
  if (value === null || value === undefined) {
    return 'nothing'
  }
  return typeof value === 'object' ? 'an object' : `${typeof value} ${JSON.stringify(value)}`
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
