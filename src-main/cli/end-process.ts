import { hasSilentOperation } from '../files/answering.ts'

/**
 * Sees to it that the process ends, with its exit code, though a thread of it waits for a mount that is gone: an ordinary end waits for all
 * threads. Another program in place of this one does not.
 */
export function endDespiteSilence(exitCode: number): void {
  if (!hasSilentOperation()) {
    return
  }
  if (process.platform !== 'win32' && 'execve' in process) {
    process.execve('/bin/sh', ['sh', '-c', `exit ${String(exitCode)}`], {})
  }
  // Older Node has no other end that does not wait.
  process.kill(process.pid, 'SIGKILL')
}
