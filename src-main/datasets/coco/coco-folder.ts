import { join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import { listFolder } from '../list-folder.ts'

/** Which annotation files of a folder are read; paths below it. */
export interface AnnotationFiles {
  readonly trainFile: string
  /** Null if there is no annotation of a reporting split. */
  readonly reportFile: string | null
  /** Annotation files of splits that no run uses. */
  readonly unused: readonly string[]
}

/**
 * Finds the annotation files: `annotations/*train*.json`, and `*dev*.json` or `*val*.json` (else `*test*.json`). Names with
 * `keypoint` win over others, as the official folder holds captions and boxes too.
 *
 * @throws EngineError DATASET if there is no training file.
 */
export async function findCocoFiles(path: string): Promise<AnnotationFiles> {
  const names = (await listFolder(join(path, 'annotations'))).filter((name) => name.endsWith('.json'))
  const trainFile = choose(names, /train(?!val)/i)
  if (trainFile === null) {
    throw new EngineError(
      'DATASET',
      `${path}: no training annotation; needs annotations/*train*.json, found ${names.join(', ') || 'no .json file'}`,
    )
  }
  const others = names.filter((name) => name !== trainFile && !/trainval/i.test(name))
  const reportFile = choose(others, /dev/i) ?? choose(others, /val/i) ?? choose(others, /test/i)
  const below = (name: string): string => join('annotations', name)
  return {
    trainFile: below(trainFile),
    reportFile: reportFile === null ? null : below(reportFile),
    unused: [],
  }
}

/** Where CrowdPose's annotations lie: the official archive has `json`, others `annotations` or the folder itself. */
const CROWDPOSE_FOLDERS = ['json', 'annotations', '.']

/** Names of CrowdPose's annotation files below the folder, for example `json/crowdpose_train.json`. */
export async function listCrowdposeFiles(path: string): Promise<string[]> {
  for (const folder of CROWDPOSE_FOLDERS) {
    const names = (await listFolder(join(path, folder))).filter((name) => /crowd_?pose.*\.json$/i.test(name))
    if (names.length > 0) {
      return names.map((name) => join(folder, name))
    }
  }
  return []
}

/**
 * CrowdPose's files by their role: `*train.json` (else `*trainval.json`) for training; `*test.json`, the split of published
 * results, else `*val.json`, for the report.
 *
 * @throws EngineError DATASET if there is no training file.
 */
export async function findCrowdposeFiles(path: string): Promise<AnnotationFiles> {
  const names = await listCrowdposeFiles(path)
  const find = (pattern: RegExp): string | undefined => names.find((name) => pattern.test(name))
  const trainFile = find(/train\.json$/i) ?? find(/trainval\.json$/i)
  if (trainFile === undefined) {
    throw new EngineError(
      'DATASET',
      `${path}: no training annotation; needs json/crowdpose_train.json, found ${names.join(', ') || 'none of CrowdPose'}`,
    )
  }
  const reportFile = find(/test\.json$/i) ?? find(/(?<!train)val\.json$/i) ?? null
  const unused = names.filter((name) => name !== trainFile && name !== reportFile)
  return { trainFile, reportFile, unused }
}

function choose(names: readonly string[], pattern: RegExp): string | null {
  const fitting = names.filter((name) => pattern.test(name))
  return fitting.find((name) => /keypoint/i.test(name)) ?? fitting[0] ?? null
}

/**
 * Where COCO folders keep the pictures of an annotation file: `images/`, `images/train2017/`, `train2017/` (the last word of the
 * file's name), `images/train/`, `train/`, or the folder itself.
 */
export function imageFoldersOf(annotationFile: string): string[] {
  const tag =
    annotationFile
      .replace(/\.json$/, '')
      .split(/[_/\\]/)
      .at(-1) ?? ''
  const role = /train/i.test(tag) ? 'train' : 'val'
  return ['images', join('images', tag), tag, join('images', role), role, '.']
}
