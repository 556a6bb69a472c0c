import type { Skeleton } from './dataset.ts'
import { COCO_17, SKELETONS } from './skeletons.ts'

/**
 * Sigma of joints that no known skeleton names: the mean of COCO's 17 (0.0669), rounded. Ours; a file may state its own in
 * `categories[].sigmas`.
 */
export const DEFAULT_SIGMA = 0.067

/**
 * A skeleton for joints of any set. Left, right and lower joints are told by their names ("left_wrist", "RWrist", "ankle_l");
 * sigmas are the file's, else those of the known joint of that name, else {@link DEFAULT_SIGMA}.
 */
export function skeletonFromNames(
  names: readonly string[],
  edges: readonly (readonly [number, number])[],
  sigmas: readonly number[] | null,
): Skeleton {
  const parsed = names.map(parseName)
  const flipPairs = parsed.flatMap(({ side, plain }, joint) => {
    const partner = parsed.findIndex((other) => other.side === 'right' && other.plain === plain)
    return side === 'left' && partner >= 0 ? [[joint, partner] as const] : []
  })
  const indices = names.map((_, joint) => joint)
  const isLower = (joint: number): boolean => LOWER.test(parsed[joint]?.plain ?? '')
  return {
    name: `own${String(names.length)}`,
    joints: names,
    edges,
    flipPairs,
    sides: parsed.map(({ side }) => side),
    sigmas: sigmas ?? parsed.map(knownSigma),
    upperJoints: indices.filter((joint) => !isLower(joint)),
    lowerJoints: indices.filter(isLower),
  }
}

const LOWER = /hip|knee|ankle|foot|feet|toe|heel|leg|thigh|shin|pelvis/

/** True if every name means the joint at its place; 'head', 'top_head' and 'top of head' are all the same. */
export function isSameJointOrder(names: readonly string[], expected: readonly string[]): boolean {
  return (
    names.length === expected.length &&
    names.every((name, joint) => isSameJoint(parseName(name), parseName(expected[joint] ?? '')))
  )
}

interface JointName {
  readonly side: 'left' | 'right' | 'centre'
  /** Without its side, lower case, single spaces. */
  readonly plain: string
}

function isSameJoint(given: JointName, expected: JointName): boolean {
  const lastWord = expected.plain.split(' ').at(-1) ?? expected.plain
  return (
    given.side === expected.side &&
    (expected.side === 'centre' ? given.plain.split(' ').includes(lastWord) : given.plain === expected.plain)
  )
}

const SIDE_WORDS: ReadonlyMap<string, 'left' | 'right'> = new Map([
  ['left', 'left'],
  ['l', 'left'],
  ['right', 'right'],
  ['r', 'right'],
])

function parseName(name: string): JointName {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/^([LR])(?=[A-Z][a-z])/, '$1 ')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  const side = words.map((word) => SIDE_WORDS.get(word)).find((found) => found !== undefined)
  const plain = words.filter((word) => !SIDE_WORDS.has(word)).join(' ')
  return { side: side ?? 'centre', plain }
}

function knownSigma(name: JointName): number {
  for (const skeleton of [COCO_17, ...SKELETONS]) {
    const joint = skeleton.joints.findIndex((known) => isSameJoint(name, parseName(known)))
    if (joint >= 0) {
      return skeleton.sigmas[joint] ?? DEFAULT_SIGMA
    }
  }
  return DEFAULT_SIGMA
}
