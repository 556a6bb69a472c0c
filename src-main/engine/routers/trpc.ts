import { initTRPC } from '@trpc/server'
import type { TRPCError } from '@trpc/server'
import { ZodError } from 'zod'
import { EngineError, toErrorInfo } from '../../contract/index.ts'
import type { ErrorInfo } from '../../contract/index.ts'
import type { EngineServices } from '../services/engine-services.ts'

export interface RouterContext {
  readonly services: EngineServices
}

/** A refused call carries its ErrorInfo in `error.data.info`, so that a client can build the same EngineError again. */
const trpc = initTRPC.context<RouterContext>().create({
  errorFormatter: ({ shape, error }) => {
    const info = errorInfoOf(error)
    return { ...shape, message: info.message, data: { code: shape.data.code, info } }
  },
})

export const { router, procedure } = trpc

function errorInfoOf(error: TRPCError): ErrorInfo {
  const cause: unknown = error.cause
  if (cause instanceof EngineError) {
    return toErrorInfo(cause)
  }
  if (cause instanceof ZodError) {
    const problems = cause.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`)
    return { code: 'BAD_REQUEST', message: problems.join('; '), details: [] }
  }
  switch (error.code) {
    case 'UNAUTHORIZED':
      return { code: 'UNAUTHORIZED', message: error.message, details: [] }
    case 'NOT_FOUND':
      return { code: 'NOT_FOUND', message: error.message, details: [] }
    case 'BAD_REQUEST':
    case 'PARSE_ERROR':
      return { code: 'BAD_REQUEST', message: error.message, details: [] }
    default:
      return toErrorInfo(cause ?? error)
  }
}
