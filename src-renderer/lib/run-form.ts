import { runConfigSchema } from '../../src-main/contract/index.ts'
import type { DatasetFacts, Preset, RunConfig } from '../../src-main/contract/index.ts'
import { valueAt, withOverrides } from './config-paths.ts'
import type { JsonValue } from './config-paths.ts'
import { fieldText, parseField } from './field-text.ts'
import { problemText } from './form-problem.ts'
import { FIELDS } from './run-form-fields.ts'

/** What has been filled in, before any check. */
export interface FormInput {
  readonly preset: Preset
  /** Texts of the fields that were touched, by path. */
  readonly texts: Readonly<Record<string, string>>
  /** Overrides without a field: the dataset's folder, values of a cloned run. */
  readonly given: Readonly<Record<string, JsonValue>>
}

export interface CheckedForm {
  readonly overrides: Readonly<Record<string, JsonValue>>
  /** The whole configuration; where the form is wrong, that of the preset. */
  readonly config: RunConfig
  /** By dotted path. */
  readonly problems: Readonly<Record<string, string>>
}

/** Turns a filled form into overrides and says by field what is wrong with it. */
export function checkForm(input: FormInput): CheckedForm {
  const typed = FIELDS.flatMap((field) => {
    const text = input.texts[field.path]
    return text === undefined ? [] : [{ path: field.path, parsed: parseField(field, text) }]
  })
  const problems: Record<string, string> = {}
  const values = new Map(Object.entries(input.given))
  for (const { path, parsed } of typed) {
    if (!parsed.ok) {
      problems[path] = parsed.problem
    } else if (parsed.value === undefined) {
      values.delete(path)
    } else {
      values.set(path, parsed.value)
    }
  }
  const { config: base } = input.preset
  const changed = [...values].filter(([path, value]) => !isSame(value, valueAt(base, path)))
  const overrides = Object.fromEntries(changed)
  const checked = runConfigSchema.safeParse(withOverrides(base, overrides))
  for (const issue of checked.error?.issues ?? []) {
    problems[fieldPath(issue.path)] ??= problemText(issue.message)
  }
  return { overrides, config: checked.data ?? withoutProblems(base, changed, problems), problems }
}

/** What is right of a form that is wrong elsewhere: it decides which fields are shown. */
function withoutProblems(
  base: RunConfig,
  changed: readonly (readonly [string, JsonValue])[],
  problems: Readonly<Record<string, string>>,
): RunConfig {
  const right = Object.fromEntries(changed.filter(([path]) => !(path in problems)))
  return runConfigSchema.safeParse(withOverrides(base, right)).data ?? base
}

/** The text of a field: what was typed, else the configured value. */
export function textOf(input: FormInput, path: string): string {
  const field = FIELDS.find((candidate) => candidate.path === path)
  const typed = input.texts[path]
  if (typed !== undefined || field === undefined) {
    return typed ?? ''
  }
  return fieldText(field, path in input.given ? input.given[path] : valueAt(input.preset.config, path))
}

/** Overrides that make a run read a registered dataset, or drawn pictures for null. */
export function datasetOverrides(facts: DatasetFacts | null): Record<string, JsonValue> {
  if (facts === null || facts.format === 'drawn' || facts.path === null) {
    return { 'dataset.source': 'drawn' }
  }
  return { 'dataset.source': facts.format, 'dataset.path': facts.path }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** A problem inside a list belongs to the field of the list. */
function fieldPath(path: readonly PropertyKey[]): string {
  const names = path.map(String)
  const known = names
    .map((_, index) => names.slice(0, index + 1).join('.'))
    .find((prefix) => FIELDS.some((field) => field.path === prefix))
  return known ?? names.join('.')
}
