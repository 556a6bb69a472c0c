import { EngineError } from '../../contract/index.ts'
import { showValue } from '../../files/show-value.ts'
import { kindOf } from './read-json-file.ts'
import type { JsonRecord } from './read-json-file.ts'
import { WHOLEBODY_PARTS } from './wholebody-sigmas.ts'

/** Images and categories are known by numbers or by text. */
export type Id = number | string

export function isId(value: unknown): value is Id {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))
}

export function readId(file: string, what: string, record: JsonRecord, name: string): Id {
  const value = record[name]
  if (!isId(value)) {
    throw problemOf(file, what, record, `${name} must be a number or text, it is ${kindOf(value)}`)
  }
  return value
}

/** [J * 3]; the parts of COCO-WholeBody follow `keypoints` where that alone is too short. */
export function readKeypoints(
  file: string,
  what: string,
  record: JsonRecord,
  joints: number,
): readonly number[] {
  const body = numbersOf(file, what, record, 'keypoints')
  const keypoints =
    body.length < joints * 3 && WHOLEBODY_PARTS.every((part) => record[part] !== undefined)
      ? [...body, ...WHOLEBODY_PARTS.flatMap((part) => numbersOf(file, what, record, part))]
      : body
  if (keypoints.length !== joints * 3) {
    throw problemOf(
      file,
      what,
      record,
      `keypoints must be ${String(joints * 3)} numbers (x, y, visibility of ${String(joints)} joints, as many as there are sigmas), they are ${String(keypoints.length)}`,
    )
  }
  return keypoints
}

export function readBox(
  file: string,
  what: string,
  record: JsonRecord,
): readonly [x: number, y: number, width: number, height: number] {
  const [x, y, width, height, ...rest] = numbersOf(file, what, record, 'bbox')
  if (x === undefined || y === undefined || width === undefined || height === undefined || rest.length > 0) {
    throw problemOf(file, what, record, 'bbox must be four numbers: x, y, width, height')
  }
  return [x, y, width, height]
}

export function problemOf(file: string, what: string, record: JsonRecord, problem: string): EngineError {
  const name = record['id'] === undefined ? '' : ` ${showValue(record['id'])}`
  return new EngineError('BAD_REQUEST', `${file}: ${what}${name}: ${problem}.`)
}

function numbersOf(file: string, what: string, record: JsonRecord, name: string): readonly number[] {
  const list = record[name]
  if (!Array.isArray(list)) {
    throw problemOf(file, what, record, `${name} must be a list of numbers, it is ${kindOf(list)}`)
  }
  const wrong = list.findIndex((value) => typeof value !== 'number' || !Number.isFinite(value))
  if (wrong >= 0) {
    throw problemOf(
      file,
      what,
      record,
      `${name}[${String(wrong)}] must be a number, it is ${kindOf(list[wrong])}`,
    )
  }
  return list as readonly number[]
}
