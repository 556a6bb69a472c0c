import type { RunConfig } from '../../src-main/contract/index.ts'

export interface ConfigLine {
  readonly path: string
  readonly value: string
}

/** A configuration as dotted paths and values, in its own order. Lists stay on one line. */
export function configLines(config: RunConfig): readonly ConfigLine[] {
  return linesOf(config, '')
}

function linesOf(value: unknown, path: string): readonly ConfigLine[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      linesOf(inner, path === '' ? key : `${path}.${key}`),
    )
  }
  return [{ path, value: typeof value === 'string' ? value : JSON.stringify(value) }]
}
