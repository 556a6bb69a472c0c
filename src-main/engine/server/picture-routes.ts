import type { FastifyInstance } from 'fastify'
import { EngineError, MOST_PICTURE_BYTES } from '../../contract/index.ts'
import type { OwnPicture } from '../../contract/index.ts'
import type { DataPaths } from '../../store/data-folder.ts'
import { safeId, sendRunFile } from './run-files.ts'

/** Takes a picture in. @throws EngineError that says why not. */
export type AddPicture = (runId: string, name: string, content: Uint8Array) => Promise<OwnPicture>

const BASE = '/runs/:run/pictures'
/** Each lies in memory until it is whole; the window sends one after another. */
const MOST_AT_ONCE = 4

/** Pictures of the user's own come in by their bytes, since a browser knows no path; what is shown of them goes out. */
export function registerPictureRoutes(
  server: FastifyInstance,
  paths: DataPaths,
  addPicture: AddPicture,
): void {
  let coming = 0
  server.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
  server.post<{ Params: { readonly run: string }; Querystring: { readonly name?: string } }>(
    BASE,
    {
      bodyLimit: MOST_PICTURE_BYTES,
      onRequest: (_request, reply, done) => {
        if (coming >= MOST_AT_ONCE) {
          done(
            new EngineError(
              'CONFLICT',
              `${String(MOST_AT_ONCE)} pictures are coming in; send this one after them.`,
            ),
          )
          return
        }
        coming += 1
        reply.raw.once('close', () => {
          coming -= 1
        })
        done()
      },
    },
    async ({ params, query, body }) => {
      const content = body instanceof Uint8Array ? body : new Uint8Array(0)
      return addPicture(params.run, query.name ?? '', content)
    },
  )
  server.get<{ Params: { readonly run: string; readonly picture: string } }>(
    `${BASE}/:picture/image`,
    ({ params }, reply) =>
      sendRunFile(
        { paths, reply, runId: params.run, type: 'image/png' },
        ...['pictures', safeId(params.picture), 'shown.png'],
      ),
  )
  server.get<{ Params: { readonly run: string; readonly picture: string; readonly answer: string } }>(
    `${BASE}/:picture/labels/:answer`,
    ({ params }, reply) =>
      sendRunFile(
        { paths, reply, runId: params.run, type: 'application/octet-stream' },
        ...['pictures', safeId(params.picture), `${safeId(params.answer)}.shown.labels`],
      ),
  )
}
