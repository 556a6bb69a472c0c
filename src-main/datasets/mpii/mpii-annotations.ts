import { parseJson } from '../../files/foreign-text.ts'
import { isFiniteNumber } from '../json-values.ts'

/** One person of an MPII annotation file as published with HRNet, checked for shape; pixels count from 1. */
export interface MpiiAnnotation {
  readonly image: string
  readonly centre: readonly [x: number, y: number]
  /** Height of the person in units of 200 pixels. */
  readonly scale: number
  /** [J][2]; null in the test file, which has no joints. */
  readonly joints: readonly (readonly [x: number, y: number])[] | null
  /** [J]: 0 or 1. */
  readonly visible: readonly number[]
  /** Corners x1, y1, x2, y2 of the head box, where the file has it. */
  readonly headBox: readonly [number, number, number, number] | null
}

/**
 * Reads a list of `{ image, center, scale, joints, joints_vis }`; `head_box` (or `headbox`, `head_rect`) is optional.
 *
 * @throws Error that says which field is not as MPII has it.
 */
export function parseMpiiFile(text: string): MpiiAnnotation[] {
  const root = parseJson(text)
  if (!Array.isArray(root)) {
    throw new Error('the file must be a list of persons')
  }
  return root.map(parsePerson)
}

function parsePerson(value: unknown, index: number): MpiiAnnotation {
  const name = `[${String(index)}]`
  if (typeof value !== 'object' || value === null) {
    throw new Error(`${name} must be an object`)
  }
  const person = value as Record<string, unknown>
  const { image, scale } = person
  if (typeof image !== 'string' || image === '') {
    throw new Error(`${name}.image must be a file name`)
  }
  if (!isFiniteNumber(scale)) {
    throw new Error(`${name}.scale must be a number`)
  }
  const [x, y] = asNumbers(person['center'], 2, `${name}.center`)
  const joints = person['joints'] === undefined ? null : asPoints(person['joints'], `${name}.joints`)
  const visible = joints === null ? [] : asNumbers(person['joints_vis'], joints.length, `${name}.joints_vis`)
  const head = person['head_box'] ?? person['headbox'] ?? person['head_rect']
  return {
    image,
    centre: [x ?? 0, y ?? 0],
    scale,
    joints,
    visible,
    headBox: head === undefined || head === null ? null : asBox(head, `${name}.head_box`),
  }
}

function asNumbers(value: unknown, count: number, name: string): number[] {
  if (!Array.isArray(value) || value.length !== count || !value.every(isFiniteNumber)) {
    throw new Error(`${name} must be a list of ${String(count)} numbers`)
  }
  return value
}

function asPoints(value: unknown, name: string): (readonly [number, number])[] {
  if (!Array.isArray(value)) {
    throw new Error(`${name} must be a list of points`)
  }
  return value.map((point, joint) => {
    const [x, y] = asNumbers(point, 2, `${name}[${String(joint)}]`)
    return [x ?? 0, y ?? 0]
  })
}

/** Four numbers, or two corners. */
function asBox(value: unknown, name: string): [number, number, number, number] {
  const [x1, y1, x2, y2] = asNumbers(Array.isArray(value) ? value.flat() : value, 4, name)
  return [x1 ?? 0, y1 ?? 0, x2 ?? 0, y2 ?? 0]
}
