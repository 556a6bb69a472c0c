import { spawn } from 'node:child_process'

/**
 * What a process of this machine does when nobody holds the other end of its input any more: it kills the worker. SIGKILL, because a
 * worker that hangs in a read or is stopped takes nothing else.
 */
const KEEPER_SCRIPT = 'trap "" INT HUP TERM; read -r line; kill -9 "$1" 2>/dev/null'

/** A worker's insurance against the sudden end of its engine. */
export interface WorkerKeeper {
  /** The worker has ended; its process id may belong to somebody else soon. */
  release(): void
}

/**
 * Starts a shell that waits for the end of this process and then kills the worker. The kernel closes its input however this process
 * ends. On Windows the workers of a process end with it anyway.
 */
export function keepWorker(pid: number | undefined): WorkerKeeper {
  if (pid === undefined || process.platform === 'win32') {
    return { release: () => undefined }
  }
  const keeper = spawn('/bin/sh', ['-c', KEEPER_SCRIPT, 'scalenas-keeper', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A group of its own: what a terminal or a supervisor sends to the engine's group is not for it.
    detached: true,
  })
  // Without a shell the worker still ends by itself when its channel closes.
  keeper.on('error', () => undefined)
  keeper.stdin.on('error', () => undefined)
  keeper.unref()
  return {
    release() {
      keeper.kill('SIGKILL')
    },
  }
}
