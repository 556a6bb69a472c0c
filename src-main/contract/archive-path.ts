/**
 * Where a file of the program lies for a process that is no Electron. Electron reads inside its archive and says paths in it, also for
 * files that lie beside it (`asarUnpack` in electron-builder.config.ts); a plain Node, a child process and the system know no archive.
 *
 * @param path - Path or file URL; outside of a package it comes back as it is.
 */
export function outsideArchive(path: string): string {
  return path.replace(/\bapp\.asar(?=[\\/])/, 'app.asar.unpacked')
}
