import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { EngineError, toErrorInfo } from '../../contract/index.ts'
import type { ErrorCode } from '../../contract/index.ts'

const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  NOT_FOUND: 404,
  CONFLICT: 409,
  STORAGE: 507,
}

/** Answers with code and message; what the server itself refuses keeps its HTTP status. */
export function sendError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const status = statusOf(thrown)
  // The page's folder answers 403 to a way out of it; that would tell that there is something.
  if (status === 403) {
    return sendNothingHere(reply)
  }
  const { code, message } = status < 500 ? refusalOf(thrown, reply.request) : toErrorInfo(thrown)
  return reply.code(status).type('application/json; charset=utf-8').send({ code, message })
}

/** The same words for whatever is not there, so that they tell nothing of what was asked. */
export function sendNothingHere(reply: FastifyReply): FastifyReply {
  return reply
    .code(404)
    .type('application/json; charset=utf-8')
    .send({ code: 'NOT_FOUND', message: 'There is nothing at this address.' })
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof EngineError) {
    return HTTP_STATUS[thrown.code] ?? 500
  }
  return thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500
}

/** What the server refuses before a route sees it is a wrong request, not a defect of ours. */
function refusalOf(
  thrown: unknown,
  { headers, routeOptions }: FastifyRequest,
): { readonly code: ErrorCode; readonly message: string } {
  if (thrown instanceof EngineError) {
    return thrown
  }
  const { code, message } = thrown as Partial<FastifyError>
  const said = {
    FST_ERR_CTP_BODY_TOO_LARGE: `The body is too large; at most ${String(routeOptions.bodyLimit)} bytes are taken here.`,
    FST_ERR_CTP_INVALID_MEDIA_TYPE: `The content type "${headers['content-type'] ?? ''}" is not taken; pictures come as application/octet-stream.`,
  }[code ?? '']
  return { code: 'BAD_REQUEST', message: said ?? message ?? String(thrown) }
}
