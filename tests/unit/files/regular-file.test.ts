import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answered, readFolder, readRegularFile } from '../../../src-main/files/regular-file.ts'
import { makePipe } from '../../support/make-pipe.ts'

const isUnix = process.platform !== 'win32'

describe.runIf(isUnix)('files that a user points at', { timeout: 30_000 }, () => {
  let folder = ''
  const at = (name: string): string => join(folder, name)
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'scalenas-files-'))
    makePipe(at('pipe'))
    writeFileSync(at('plain'), 'some bytes')
    symlinkSync(at('plain'), at('to-plain'))
    symlinkSync(at('pipe'), at('to-pipe'))
    symlinkSync(at('circle'), at('circle'))
    writeFileSync(at('huge'), '')
    truncateSync(at('huge'), 2 ** 40)
  })
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })
  const read = (path: string) => readRegularFile(path, { mostBytes: 1000 })

  it.each([
    ['a named pipe', 'pipe', 'it is a named pipe; only regular files are read'],
    ['a link to one', 'to-pipe', 'it is a named pipe; only regular files are read'],
    ['a folder', '.', 'it is a folder; only regular files are read'],
    ['a circle of links', 'circle', 'its symbolic links lead in a circle'],
    ['nothing', 'nothing', 'there is no such file'],
    ['what lies below a file', 'plain/below', 'there is no such file'],
    ['a name with a zero byte', 'a\0b', 'its name has a zero byte, which no file has'],
    ['a terabyte', 'huge', 'it has 1,099,511,627,776 bytes; at most 1,000 are read'],
  ])('refuses %s in one sentence, without waiting for it', async (_, name, reason) => {
    const path = name === 'a\0b' ? `${folder}/a\0b` : at(name)
    await expect(read(path)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: `${path} cannot be read: ${reason}`,
    })
  })

  it('refuses devices and sockets', async () => {
    await expect(read('/dev/zero')).rejects.toThrow('it is a device; only regular files are read')
    const server = createServer()
    await new Promise<void>((ready) => server.listen(at('socket'), ready))
    await expect(read(at('socket'))).rejects.toThrow('it is a socket; only regular files are read')
    server.close()
  })

  it('reads regular files, through links too, and names folders', async () => {
    expect((await read(at('to-plain'))).toString()).toBe('some bytes')
    expect(await readFolder(folder)).toContain('to-plain')
  })

  it('does not wait for ever for a mount that does not answer, and names the file', async () => {
    const silence = new Promise<never>(() => undefined)
    await expect(answered('/mnt/gone/a.json', { answerMs: 20 }, silence)).rejects.toMatchObject({
      kind: 'silent',
      message:
        '/mnt/gone/a.json cannot be read: it has not answered for 0.02 s; is it on a mount that is gone?',
    })
  })
})
