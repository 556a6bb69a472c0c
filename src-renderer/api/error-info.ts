import { TRPCClientError } from '@trpc/client'
import { z } from 'zod'
import { ERROR_CODES, toErrorInfo } from '../../src-main/contract/index.ts'
import type { ErrorInfo } from '../../src-main/contract/index.ts'

const carriedInfo = z.object({
  info: z.object({ code: z.enum(ERROR_CODES), message: z.string(), details: z.array(z.string()) }),
})

/** What the engine said, of anything that a call may reject with; a defect of the window becomes INTERNAL. */
export function errorInfoOf(thrown: unknown): ErrorInfo {
  if (thrown instanceof TRPCClientError) {
    const carried = carriedInfo.safeParse(thrown.data)
    return carried.success ? carried.data.info : { code: 'INTERNAL', message: thrown.message, details: [] }
  }
  return toErrorInfo(thrown)
}

/** A call that was cut off because the socket closed, which the client calls an unknown error; the banner already says so. */
export function isConnectionLoss(thrown: unknown): boolean {
  return (
    thrown instanceof TRPCClientError &&
    thrown.data === undefined &&
    /websocket|connection|closed|unknown error/i.test(thrown.message)
  )
}
