import { execFileSync } from 'node:child_process'

/** A named pipe that nobody writes to: opening it as a file waits for ever. */
export function makePipe(path: string): string {
  execFileSync('mkfifo', [path])
  return path
}
