import { createReadStream } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { FastifyReply } from 'fastify'
import { EngineError, runIdSchema } from '../../contract/index.ts'
import type { DataPaths } from '../../store/data-folder.ts'

/** Ids become file names, so nothing else than this passes; a leading dot would be a hidden file or a way up. */
const FILE_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/

export interface RunFile {
  readonly paths: DataPaths
  readonly reply: FastifyReply
  readonly runId: string
  /** Content type. */
  readonly type: string
}

/** Answers with a file below the folder of a run. @throws EngineError BAD_REQUEST or NOT_FOUND. */
export async function sendRunFile(
  { paths, reply, runId, type }: RunFile,
  ...parts: readonly string[]
): Promise<FastifyReply> {
  const file = await resolveInside(paths, runId, parts)
  void reply.header('cache-control', 'private, max-age=3600')
  return reply.type(type).send(createReadStream(file))
}

export function safeId(id: string): string {
  if (!FILE_ID.test(id)) {
    throw new EngineError('BAD_REQUEST', `"${id}" is no id: letters, digits, ".", "_" and "-" are allowed.`)
  }
  return id
}

/** @throws EngineError NOT_FOUND when there is no such file, also when it is a link that leads out of the run's folder. */
async function resolveInside(paths: DataPaths, runId: string, parts: readonly string[]): Promise<string> {
  const run = runIdSchema.safeParse(runId)
  if (!run.success) {
    throw new EngineError('BAD_REQUEST', `"${runId}": ${run.error.issues[0]?.message ?? 'no run id'}`)
  }
  const missing = new EngineError('NOT_FOUND', `Run ${runId} has no ${parts.join('/')}.`)
  try {
    const folder = await realpath(paths.runFolder(run.data))
    const file = await realpath(join(folder, ...parts))
    if (file.startsWith(folder + sep)) {
      return file
    }
  } catch {
    // The file or the run's folder is not there: answered below.
  }
  throw missing
}
