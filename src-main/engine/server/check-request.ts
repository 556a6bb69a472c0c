import type { FastifyReply, FastifyRequest } from 'fastify'
import { EngineError } from '../../contract/index.ts'
import type { Access } from './access.ts'

/**
 * Host and Origin of any request, before anything else is looked at; sets the headers that every answer has.
 * @returns why the caller is refused, or null.
 */
export function checkCaller(
  access: Access,
  { headers }: FastifyRequest,
  reply: FastifyReply,
): EngineError | null {
  const { host, origin } = headers
  if (!access.isHost(host)) {
    return new EngineError('UNAUTHORIZED', `This engine does not answer for the host "${host ?? ''}".`)
  }
  if (!access.isOrigin(origin, host)) {
    return new EngineError('UNAUTHORIZED', `Pages of ${origin ?? ''} may not talk to this engine.`)
  }
  void reply.headers(secureHeaders(host))
  if (origin !== undefined) {
    void reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'authorization, content-type',
      vary: 'origin',
    })
  }
  return null
}

/** @returns why a request to a route with secrets is refused, or null. */
export function requireToken(access: Access, { headers }: FastifyRequest): EngineError | null {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  return access.isToken(token)
    ? null
    : new EngineError(
        'UNAUTHORIZED',
        'This address needs "Authorization: Bearer" with the token of the engine. "scalenas token" prints it.',
      )
}

function secureHeaders(host: string | undefined): Record<string, string> {
  const policy = [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    `connect-src 'self' ws://${host ?? ''}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  }
}
