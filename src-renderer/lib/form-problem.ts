import { FIELDS } from './run-form-fields.ts'

export interface FieldProblem {
  /** Dotted path of a field of the form; null where the text names none. */
  readonly path: string | null
  readonly text: string
}

/** The schema's refusals → words that stand below a field. */
const SCHEMA_WORDS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/^Too small: expected number to be >=(\S+)$/, 'at least $1'],
  [/^Too small: expected number to be >(\S+)$/, 'more than $1'],
  [/^Too big: expected number to be <=(\S+)$/, 'at most $1'],
  [/^Too big: expected number to be <(\S+)$/, 'less than $1'],
  [/^Invalid input: expected int, received number$/, 'a whole number is needed'],
]

/** 'Too small: expected number to be >=15' → 'at least 15'; what is said in words already stays. */
export function problemText(message: string): string {
  const [pattern, words] = SCHEMA_WORDS.find(([known]) => known.test(message)) ?? []
  return pattern === undefined || words === undefined ? message : message.replace(pattern, words)
}

/** The engine names a field before what is wrong: 'network.inputHeight: input 65×64 …'. */
export function splitProblem(message: string): FieldProblem {
  const field = FIELDS.find(({ path }) => message.startsWith(`${path}: `))
  return field === undefined
    ? { path: null, text: message }
    : { path: field.path, text: message.slice(field.path.length + 2) }
}

/** 'search.initial', 'at least 15' → 'Random start: at least 15'. */
export function labelledProblem(path: string, text: string): string {
  return `${FIELDS.find((field) => field.path === path)?.label ?? path}: ${text}`
}
