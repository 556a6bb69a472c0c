import { randomBytes } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import type { DatasetFacts } from '../../contract/index.ts'
import { INTERACTIVE_LANE } from '../pipeline/run-context.ts'
import type { EngineParts } from '../pipeline/run-context.ts'
import { answer } from './answer.ts'
import type { DatasetFolder, DatasetsService } from './engine-services.ts'

const ID_BYTES = 5

export function createDatasetsService({ store, executor, now }: EngineParts): DatasetsService {
  const inspect = async (folder: DatasetFolder): Promise<{ path: string; facts: DatasetFacts }> => {
    const path = await resolveFolder(folder.path)
    const { dataset } = await executor.runJob(
      { kind: 'inspect-dataset', path, format: folder.format, cacheFolder: store.paths.cache },
      {
        lane: INTERACTIVE_LANE,
        threads: 1,
        isUrgent: true,
        backend: 'auto',
        logFolder: null,
        onEvent: () => undefined,
      },
    )
    return { path, facts: dataset }
  }
  return {
    list: () => answer(() => store.datasets.list()),
    inspect: async (folder) => (await inspect(folder)).facts,
    async add(folder) {
      const { path, facts } = await inspect(folder)
      return store.datasets.upsert({
        id: `d-${randomBytes(ID_BYTES).toString('hex')}`,
        name: folder.name ?? facts.name,
        path,
        addedAt: now(),
        facts,
      })
    },
    remove: (id) =>
      answer(() => {
        if (!store.datasets.delete(id)) {
          throw new EngineError('NOT_FOUND', `There is no registered dataset ${id}.`)
        }
      }),
  }
}

/** One folder has one name, however it was typed. */
async function resolveFolder(path: string): Promise<string> {
  if (!isAbsolute(path)) {
    throw new EngineError('BAD_REQUEST', `A dataset folder must be given as an absolute path, got "${path}".`)
  }
  try {
    return await realpath(path)
  } catch {
    throw new EngineError('DATASET', `The folder ${path} does not exist or cannot be read.`)
  }
}
