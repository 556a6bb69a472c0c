import { deflateSync, inflateSync } from 'node:zlib'
import type { Random } from '../../src-main/nas/random.ts'
import { pngChunk } from '../support/make-png.ts'
import { makeZip } from '../support/make-zip.ts'
import { mutateBytes, pick } from './mutate.ts'

/** Damage below the check sums of a format, which are made anew: what lies behind them must stand on its own. */

interface Chunk {
  readonly name: string
  readonly body: Buffer
}

/** Damages, drops, doubles or exchanges chunks of a PNG, its header or its rows; all check sums fit. */
export function mutatePng(png: Buffer, random: Random): Buffer {
  const chunks = listChunks(png)
  const at = random.int(chunks.length)
  const chunk = chunks[at]
  if (chunk === undefined) {
    return png
  }
  switch (random.int(6)) {
    case 0:
      chunks.splice(at, 1)
      break
    case 1:
      chunks.splice(random.int(chunks.length), 0, chunk)
      break
    case 2:
      chunks.splice(random.int(chunks.length), 1, ...chunks.splice(at, 1))
      break
    case 3:
      mutateHeader(chunks, random)
      break
    case 4:
      mutateRows(chunks, random)
      break
    default:
      chunks[at] = {
        name: chunk.name,
        body: chunk.body.length === 0 ? Buffer.of(7) : mutateBytes(chunk.body, random),
      }
  }
  return Buffer.concat([png.subarray(0, 8), ...chunks.map(({ name, body }) => pngChunk(name, body))])
}

function listChunks(png: Buffer): Chunk[] {
  const chunks: Chunk[] = []
  for (let at = 8; at + 12 <= png.length; at += 12 + png.readUInt32BE(at)) {
    const body = png.subarray(at + 8, at + 8 + png.readUInt32BE(at))
    chunks.push({ name: png.toString('latin1', at + 4, at + 8), body })
  }
  return chunks
}

function mutateHeader(chunks: Chunk[], random: Random): void {
  const index = chunks.findIndex(({ name }) => name === 'IHDR')
  const body = Buffer.from(chunks[index]?.body ?? Buffer.alloc(13))
  if (body.length === 13) {
    const side = pick([0, 1, 7, 100, 8000, 65_535, 0x7fffffff, 0xffffffff], random)
    body.writeUInt32BE(random.bernoulli(0.5) ? side : body.readUInt32BE(0), 0)
    body.writeUInt32BE(random.bernoulli(0.5) ? side : body.readUInt32BE(4), 4)
    body[8 + random.int(5)] = pick([0, 1, 2, 3, 4, 6, 8, 16, 255], random)
    chunks[index] = { name: 'IHDR', body }
  }
}

function mutateRows(chunks: Chunk[], random: Random): void {
  const index = chunks.findIndex(({ name }) => name === 'IDAT')
  const body = chunks[index]?.body
  if (body !== undefined) {
    try {
      const rows = mutateBytes(inflateSync(body), random)
      // Now and then rows of zeros that pack to next to nothing.
      const padded = random.int(20) === 0 ? Buffer.concat([rows, Buffer.alloc(20_000_000)]) : rows
      chunks[index] = { name: 'IDAT', body: deflateSync(padded) }
    } catch {
      // An earlier mutation has spoilt the rows: then they stay as they are.
    }
  }
}

/** Damages a member of an archive and packs all of them anew. */
export function mutateMembers(
  members: ReadonlyMap<string, Buffer>,
  random: Random,
  isDeflated: boolean,
): Buffer {
  const changed = new Map(members)
  const name = pick([...members.keys()], random)
  const content = members.get(name) ?? Buffer.alloc(0)
  switch (random.int(5)) {
    case 0:
      changed.delete(name)
      break
    case 1:
      changed.delete(name)
      changed.set(pick(['__proto__', '', '../x', `${name}/`, 'data.pkl', 'a/data.pkl'], random), content)
      break
    default:
      changed.set(name, content.length === 0 ? Buffer.of(1) : mutateBytes(content, random))
  }
  return makeZip(changed, { deflated: isDeflated, zip64: random.bernoulli(0.2) })
}
