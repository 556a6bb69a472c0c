import type { JsonValue } from './config-paths.ts'
import type { FieldSpec } from './run-form-fields.ts'

export type ParsedField =
  /** A value of undefined leaves the key out. */
  | { readonly ok: true; readonly value: JsonValue | undefined }
  | { readonly ok: false; readonly problem: string }

/** How a configured value stands in its field. */
export function fieldText(field: FieldSpec, value: unknown): string {
  if (value === null || value === undefined) {
    return value === undefined ? (field.whenAbsent ?? '') : ''
  }
  switch (field.kind) {
    case 'list':
      return Array.isArray(value) ? value.join(', ') : ''
    case 'layout':
      return Array.isArray(value)
        ? value.map((stage: unknown) => (Array.isArray(stage) ? stage.join(':') : '')).join(', ')
        : ''
    default:
      return typeof value === 'string' ? value : JSON.stringify(value)
  }
}

/** What somebody typed, as a value of the configuration; ranges are the schema's business. */
export function parseField(field: FieldSpec, text: string): ParsedField {
  const trimmed = text.trim()
  switch (field.kind) {
    case 'number':
      return trimmed === '' && field.whenAbsent === '' ? { ok: true, value: undefined } : parseNumber(trimmed)
    case 'optional-number':
      return trimmed === '' ? { ok: true, value: null } : parseNumber(trimmed)
    case 'text':
      return { ok: true, value: trimmed === '' ? undefined : trimmed }
    case 'list':
      return parseList(trimmed)
    case 'layout':
      return parseLayout(trimmed)
    case 'flag':
      return { ok: true, value: trimmed === 'true' }
    case 'choice':
      return { ok: true, value: trimmed }
  }
}

function parseNumber(text: string): ParsedField {
  const value = Number(text.replaceAll(/[,\s](?=\d{3})/g, ''))
  return text === '' || !Number.isFinite(value)
    ? { ok: false, problem: text === '' ? 'a number is needed' : `'${text}' is not a number` }
    : { ok: true, value }
}

function parseList(text: string): ParsedField {
  const values = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number)
  return values.length > 0 && values.every(Number.isInteger)
    ? { ok: true, value: values }
    : { ok: false, problem: 'whole numbers with commas are needed, e.g. 1, 2, 3' }
}

function parseLayout(text: string): ParsedField {
  const stages = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((stage) => /^(\d+):(\d+)$/.exec(stage))
  return stages.length > 0 && stages.every((match) => match !== null)
    ? { ok: true, value: stages.map((match) => [Number(match[1]), Number(match[2])]) }
    : { ok: false, problem: 'branches:modules with commas are needed, e.g. 2:1, 3:4, 4:3' }
}
