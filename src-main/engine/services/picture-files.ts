import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { EngineError, MOST_PICTURE_BYTES, showField } from '../../contract/index.ts'
import type { OwnPicture } from '../../contract/index.ts'
import { checkFormat } from '../../datasets/picture-format.ts'
import type { DataPaths } from '../../store/data-folder.ts'

/** Below the run's folder: pictures/{id}/ with the picture as it came, what is known of it, and what is shown of it. */
const FOLDER = 'pictures'
const ORIGINAL = 'original'
const FACTS = 'picture.json'
const SHOWN = 'shown.png'
const ID_DIGITS = 12
const LONGEST_NAME = 200
/** They are of the user, whatever the data folder lets others do. */
const OWNER_FILE = { mode: 0o600 } as const
const OWNER_FOLDER = { recursive: true, mode: 0o700 } as const

export interface PictureFiles {
  readonly folder: string
  readonly original: string
  readonly shown: string
  readonly facts: string
}

export function pictureFiles(paths: DataPaths, runId: string, pictureId: string): PictureFiles {
  const folder = join(paths.runFolder(runId), FOLDER, pictureId)
  return {
    folder,
    original: join(folder, ORIGINAL),
    shown: join(folder, SHOWN),
    facts: join(folder, FACTS),
  }
}

/** Paths for authorized GETs (server/picture-routes.ts). */
export function picturePaths(runId: string, pictureId: string) {
  const base = `/api/runs/${runId}/pictures/${pictureId}`
  return { image: `${base}/image`, labels: (answer: string) => `${base}/labels/${answer}` }
}

/**
 * Keeps a picture; the same one again is the one that is there.
 *
 * @param name - Of the file that it came from; only shown.
 * @throws EngineError BAD_REQUEST if its first bytes are those of no picture, or it is empty or too large.
 */
export async function storePicture(
  paths: DataPaths,
  runId: string,
  { name, content, now }: { readonly name: string; readonly content: Uint8Array; readonly now: number },
): Promise<OwnPicture> {
  const shownName = showField(basename(name)).trim().slice(0, LONGEST_NAME) || 'picture'
  if (content.length > MOST_PICTURE_BYTES) {
    throw new EngineError(
      'BAD_REQUEST',
      `${shownName} has ${mebibytes(content.length)}; at most ${mebibytes(MOST_PICTURE_BYTES)} are taken.`,
    )
  }
  const id = createHash('sha256').update(content).digest('hex').slice(0, ID_DIGITS)
  const known = await readPicture(paths, runId, id)
  if (known !== null) {
    return known
  }
  const files = pictureFiles(paths, runId, id)
  await mkdir(files.folder, OWNER_FOLDER)
  try {
    await writeFile(files.original, content, OWNER_FILE)
    const check = await checkFormat(files.original)
    if (!check.ok) {
      throw new EngineError('BAD_REQUEST', `${shownName}: ${check.reason}`)
    }
    const picture: OwnPicture = {
      ...{ id, runId, name: shownName, bytes: content.length, addedAt: now },
      ...{ width: null, height: null, sample: null },
    }
    await writePicture(paths, picture)
    return picture
  } catch (thrown) {
    await rm(files.folder, { recursive: true, force: true })
    throw thrown
  }
}

/** Newest first. */
export async function listPictures(paths: DataPaths, runId: string): Promise<readonly OwnPicture[]> {
  const folder = join(paths.runFolder(runId), FOLDER)
  const ids = (await readdir(folder).catch(nullIfMissing)) ?? []
  const pictures = await Promise.all(ids.map((id) => readPicture(paths, runId, id)))
  return pictures.filter((picture) => picture !== null).toSorted((a, b) => b.addedAt - a.addedAt)
}

/** @throws EngineError NOT_FOUND. */
export async function requirePicture(paths: DataPaths, runId: string, id: string): Promise<OwnPicture> {
  const picture = await readPicture(paths, runId, id)
  if (picture === null) {
    throw new EngineError('NOT_FOUND', `Run ${runId} has no picture ${id} of yours; add it again.`)
  }
  return picture
}

/** The facts come last and at once, so a folder that has them is complete. */
export async function writePicture(paths: DataPaths, picture: OwnPicture): Promise<void> {
  const { facts } = pictureFiles(paths, picture.runId, picture.id)
  await writeFile(`${facts}.part`, JSON.stringify(picture), OWNER_FILE)
  await rename(`${facts}.part`, facts)
}

export async function removePicture(paths: DataPaths, runId: string, id: string): Promise<void> {
  await rm(pictureFiles(paths, runId, id).folder, { recursive: true, force: true })
}

async function readPicture(paths: DataPaths, runId: string, id: string): Promise<OwnPicture | null> {
  const text = await readFile(pictureFiles(paths, runId, id).facts, 'utf8').catch(nullIfMissing)
  return text === null ? null : (JSON.parse(text) as OwnPicture)
}

function nullIfMissing(thrown: unknown): null {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return null
  }
  throw thrown
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`
}
