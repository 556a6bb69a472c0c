import { MOST_TEXT_BYTES, readForeignJson } from '../../files/foreign-text.ts'
import { showValue } from '../../files/show-value.ts'

/** A JSON file of somebody else, with its name for messages. */
export interface NamedJson {
  readonly file: string
  readonly value: unknown
}

export type JsonRecord = Readonly<Record<string, unknown>>

/** @throws EngineError BAD_REQUEST naming the file and what is wrong with it. */
export async function readJsonFile(file: string): Promise<NamedJson> {
  return { file, value: await readForeignJson(file, { mostBytes: MOST_TEXT_BYTES }) }
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
  return typeof value === 'object' ? 'an object' : `${typeof value} ${showValue(value)}`
}
