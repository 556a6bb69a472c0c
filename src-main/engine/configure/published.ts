import { readFile } from 'node:fs/promises'
import { EngineError, publishedResultsSchema } from '../../contract/index.ts'
import type { PublishedResults } from '../../contract/index.ts'
import { listProblems } from './schema-problems.ts'

/**
 * Reads resources/published.json.
 * @throws EngineError INTERNAL that names the field, or a protocol or source that a point names and nobody explains: the file is part
 *   of the program, a bad one is our defect.
 */
export async function loadPublished(file: string): Promise<PublishedResults> {
  const parsed = publishedResultsSchema.safeParse(await readJson(file))
  if (!parsed.success) {
    throw new EngineError('INTERNAL', `${file}: ${listProblems(parsed.error).join('; ')}`)
  }
  const { sources, protocols, points } = parsed.data
  for (const { method, backbone, protocol, sources: codes } of points) {
    const missing = [
      ...(protocols.some(({ id }) => id === protocol) ? [] : [`protocol ${protocol}`]),
      ...codes.filter((code) => !(code in sources)).map((code) => `source ${code}`),
    ]
    if (missing.length > 0) {
      throw new EngineError(
        'INTERNAL',
        `${file}: ${method} ${backbone} names ${missing.join(' and ')}, not listed`,
      )
    }
  }
  return parsed.data
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (thrown) {
    throw new EngineError('INTERNAL', `${file} cannot be read as JSON: ${String(thrown)}`)
  }
}
