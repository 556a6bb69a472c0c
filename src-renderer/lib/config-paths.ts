import type { RunConfig } from '../../src-main/contract/index.ts'

/** A value as it travels in overrides. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

/** The value at a dotted path; undefined where there is none. */
export function valueAt(config: unknown, path: string): unknown {
  let value: unknown = config
  for (const key of path.split('.')) {
    value = isRecord(value) ? value[key] : undefined
  }
  return value
}

/** A copy of a configuration with overrides applied; neither argument is changed. The result is not validated. */
export function withOverrides(config: RunConfig, overrides: Readonly<Record<string, JsonValue>>): unknown {
  const copy: unknown = structuredClone(config)
  for (const [path, value] of Object.entries(overrides)) {
    put(copy, path.split('.'), value)
  }
  return copy
}

/** Overrides that turn one configuration into another; lists count as one value. */
export function overridesBetween(from: unknown, to: unknown, path = ''): Record<string, JsonValue> {
  if (isRecord(from) && isRecord(to)) {
    const inner = Object.keys(to).map((key) =>
      overridesBetween(from[key], to[key], path === '' ? key : `${path}.${key}`),
    )
    return Object.assign({}, ...inner) as Record<string, JsonValue>
  }
  return JSON.stringify(from) === JSON.stringify(to) ? {} : { [path]: to as JsonValue }
}

function put(target: unknown, [key, ...rest]: readonly string[], value: JsonValue): void {
  if (key === undefined || !isRecord(target)) {
    return
  }
  if (rest.length === 0) {
    target[key] = value
    return
  }
  if (!isRecord(target[key])) {
    target[key] = {}
  }
  put(target[key], rest, value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
