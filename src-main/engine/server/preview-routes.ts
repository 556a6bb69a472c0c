import type { FastifyInstance } from 'fastify'
import type { DataPaths } from '../../store/data-folder.ts'
import { safeId, sendRunFile } from './run-files.ts'

interface SampleParams {
  readonly run: string
  readonly sample: string
}

const BYTES = 'application/octet-stream'

/** Pictures and label maps that the worker wrote below the run's folder. */
export function registerPreviewRoutes(server: FastifyInstance, paths: DataPaths): void {
  const base = '/runs/:run/preview/:sample'
  server.get<{ Params: SampleParams }>(`${base}/image`, ({ params: { run, sample } }, reply) =>
    sendRunFile({ paths, reply, runId: run, type: 'image/png' }, 'preview', `${safeId(sample)}.png`),
  )
  server.get<{ Params: SampleParams }>(`${base}/truth`, ({ params: { run, sample } }, reply) =>
    sendRunFile({ paths, reply, runId: run, type: BYTES }, 'preview', `${safeId(sample)}.labels`),
  )
  server.get<{ Params: SampleParams & { readonly genotypeId: string } }>(
    `${base}/prediction/:genotypeId`,
    ({ params: { run, sample, genotypeId } }, reply) =>
      sendRunFile(
        { paths, reply, runId: run, type: BYTES },
        ...['predictions', safeId(genotypeId), `${safeId(sample)}.labels`],
      ),
  )
}
