import type { Protocol } from '../../contract/index.ts'

/** Two scores may be compared only if these are equal. */
export function protocolKey(protocol: Protocol): string {
  return JSON.stringify(Object.entries(protocol).toSorted(([a], [b]) => a.localeCompare(b)))
}

/** Which fields differ, for a message. */
export function describeDifference(a: Protocol, b: Protocol): string {
  const fields = Object.keys(a) as (keyof Protocol)[]
  return fields
    .filter((field) => a[field] !== b[field])
    .map((field) => `${field}: ${String(a[field])} / ${String(b[field])}`)
    .join(', ')
}
