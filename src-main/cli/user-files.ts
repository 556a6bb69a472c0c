import { chmod, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CommandContext } from './command-line.ts'

/** What systems give their users; for callers that have narrowed nothing. */
const USUAL_UMASK = 0o022

type User = Pick<CommandContext, 'userUmask'>

/**
 * This program makes its files for their owner alone. What a user asked to have elsewhere (`--out`) is the user's, with the mode that
 * any other program would have given it. Folders that are there already keep theirs.
 */
export async function makeUserFolder(folder: string, user: User): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) {
    return
  }
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    await chmod(made, 0o777 & ~umaskOf(user))
  }
}

/** @param files - That this program has just made. */
export async function giveToUser(files: readonly string[], user: User): Promise<void> {
  await Promise.all(files.map((file) => chmod(file, 0o666 & ~umaskOf(user))))
}

/** For programs of the user that are started here: what a browser downloads is none of ours. `work` must not await. */
export function withUserUmask<T>(user: User, work: () => T): T {
  const own = process.umask(umaskOf(user))
  try {
    return work()
  } finally {
    process.umask(own)
  }
}

function umaskOf({ userUmask }: User): number {
  return userUmask ?? USUAL_UMASK
}
