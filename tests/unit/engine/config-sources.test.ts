import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { runConfigSchema } from '../../../src-main/contract/index.ts'
import {
  CONFIG_PATHS,
  findSource,
  loadConfigSources,
  sourceConfig,
} from '../../../src-main/engine/configure/config-sources.ts'
import { freezeConfig } from '../../../src-main/engine/configure/freeze-config.ts'
import { loadPresets } from '../../../src-main/engine/configure/presets.ts'
import { RESOURCES_FOLDER } from '../../support/engine-core.ts'

const presets = await loadPresets(fileURLToPath(new URL('presets/', RESOURCES_FOLDER)))
const sources = await loadConfigSources(fileURLToPath(new URL('sources.json', RESOURCES_FOLDER)), presets)
const folder = mkdtempSync(join(tmpdir(), 'scalenas-sources-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function leaves(value: unknown, path = ''): string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`))
    : [path]
}

function explain(preset: string, overrides: Record<string, never> | Record<string, unknown> | null) {
  const config = freezeConfig(presets, { preset, overrides: (overrides ?? {}) as Record<string, never> })
  const rows = sourceConfig({ config, overrides }, presets, sources)
  return { config, rows, of: (path: string) => rows.find((row) => row.path === path) }
}

describe('sources of a configuration', () => {
  it('names every key of the schema that a preset uses, and more', () => {
    const used = new Set(presets.flatMap(({ config }) => leaves(config)))
    expect([...used].filter((path) => !CONFIG_PATHS.includes(path))).toEqual([])
    expect(CONFIG_PATHS).toEqual(expect.arrayContaining(['dataset.searchSplit', 'search.sharedMemory']))
    expect(new Set(CONFIG_PATHS.map((path) => path.split('.')[0]))).toEqual(
      new Set(Object.keys(runConfigSchema.shape)),
    )
  })

  it.each(presets.map(({ name }) => name))('has one for every key of %s', (name) => {
    const silent = CONFIG_PATHS.filter((path) => findSource(sources, name, path) === null)
    expect(silent).toEqual([])
    const preset = presets.find((each) => each.name === name)
    const { rows } = explain(
      name,
      name.includes('w32') || name.includes('w48') ? { 'dataset.path': '/x' } : {},
    )
    const shown = rows.map(({ path }) => path).filter((path) => path !== 'dataset.path')
    expect(shown.toSorted()).toEqual(leaves(preset?.config).toSorted())
    expect(rows.filter(({ kind }) => kind === 'other-preset')).toEqual([])
  })

  it('that state one number state the number of the preset', () => {
    const stated = presets.flatMap(({ name, config }) =>
      CONFIG_PATHS.flatMap((path) => {
        const number = /^method\.md [^:]*: ([\d.,e-]+)(?: epochs| generations| batches| a generation)?$/.exec(
          findSource(sources, name, path) ?? '',
        )?.[1]
        const value = path
          .split('.')
          .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], config)
        const isUsed = path.split('.')[0] === 'search' || /^(teacher|supernet)\./.test(path)
        return number === undefined || !isUsed
          ? []
          : [{ name, path, number: Number(number.replace(',', '')), value }]
      }),
    )
    expect(stated.length).toBeGreaterThan(60)
    expect(stated.filter(({ number, value }) => number !== value)).toEqual([])
  })

  it('mark what the user set, also inside a group and where it equals the preset', () => {
    const { of } = explain('mini-pose', {
      'search.generations': 3,
      'teacher.optimizer': {
        ...presets.find(({ name }) => name === 'mini-pose')?.config.teacher.optimizer,
        learningRate: 0.01,
      },
      'supernet.epochs': 30,
    })
    expect(of('search.generations')).toEqual({
      path: 'search.generations',
      kind: 'override',
      source: 'set by the user; preset mini-pose has 5 (method.md 11.1: 5 generations on a small machine)',
    })
    expect(of('teacher.optimizer.learningRate')?.kind).toBe('override')
    expect(of('supernet.epochs')?.source).toBe(
      'set by the user; so preset mini-pose has 30 (method.md 11.2: 30 epochs)',
    )
    expect(of('search.perGeneration')?.kind).toBe('method')
    expect(of('supernet.checkpointEvery')?.kind).toBe('ours')
  })

  it('say what this run never reads', () => {
    expect(explain('mini-pose', {}).of('segmentation.miningShare')?.source).toBe('not used: the task is pose')
    expect(explain('mini-pose', {}).of('dataset.searchFraction')?.kind).toBe('unused')
    const folderRun = explain('mini-pose', { 'dataset.source': 'coco', 'dataset.path': '/x' })
    expect(folderRun.of('dataset.drawn.train')?.source).toBe('not used: the pictures come from a folder')
    expect(folderRun.of('dataset.path')?.kind).toBe('override')
  })

  it('claim no preset value for a run of before overrides were kept, or of an older preset', () => {
    const config = freezeConfig(presets, { preset: 'mini-pose', overrides: { 'search.initial': 45 } })
    const initial = (overrides: Record<string, unknown> | null) =>
      sourceConfig({ config, overrides }, presets, sources).find(({ path }) => path === 'search.initial')
    expect(initial(null)).toMatchObject({
      kind: 'other-preset',
      source: expect.stringContaining('by the user, or by an earlier version of the preset') as unknown,
    })
    expect(initial({})).toMatchObject({
      source: expect.stringMatching(/^an earlier preset; today/) as unknown,
    })
  })

  it.each([
    [{ families: [{ name: 'a', presets: ['nobody'], sources: {} }] }, 'no preset nobody'],
    [
      { families: [{ name: 'a', presets: ['*'], sources: { 'search.speed': 'ours: x' } }] },
      'no key search.speed',
    ],
    [{ families: [{ name: 'a', presets: ['*'], sources: { seed: 'somebody' } }] }, 'seed'],
  ])('of a file with a slip are refused (%#)', async (content, message) => {
    const file = join(folder, 'sources.json')
    writeFileSync(file, JSON.stringify(content))
    await expect(loadConfigSources(file, presets)).rejects.toThrow(message)
  })
})
