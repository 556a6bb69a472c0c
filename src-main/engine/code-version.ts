import { readFile } from 'node:fs/promises'

/** The version in package.json; stored with every run. */
export async function readCodeVersion(manifest: URL): Promise<string> {
  const value: unknown = JSON.parse(await readFile(manifest, 'utf8'))
  return typeof value === 'object' && value !== null && 'version' in value ? String(value.version) : 'unknown'
}
