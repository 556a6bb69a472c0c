import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EXCEPTIONS, IMPURE_NAMES, judgeImport, layerOf } from '../../../scripts/layers.mjs'
import { readSourceFacts } from './read-imports.ts'

const root = resolve(import.meta.dirname, '../../..')
const files = globSync('{src-main,src-preload,src-renderer}/**/*.{ts,vue}', { cwd: root }).map((file) =>
  file.replaceAll('\\', '/'),
)
const facts = files.map((file) => ({ file, ...readSourceFacts(root, file) }))

describe('layers', () => {
  it('no file imports what the table forbids', () => {
    const broken = facts.flatMap(({ edges }) =>
      edges.flatMap((edge) => {
        const reason = judgeImport(edge)
        return reason ? [`${edge.file} -> ${edge.specifier}: ${reason}`] : []
      }),
    )
    expect(broken.join('\n')).toBe('')
  })

  it('every source file belongs to a layer', () => {
    expect(files.filter((file) => !layerOf(file))).toEqual([])
    expect(files.length).toBeGreaterThan(100)
  })

  it('pure layers use no clock, no chance and nothing of their surroundings', () => {
    const impure = facts
      .filter(({ file }) => layerOf(file)?.pure)
      .flatMap(({ file, names, members }) => {
        const used = IMPURE_NAMES.filter((name) => names.has(name))
        return [...used, ...(members.has('Math.random') ? ['Math.random'] : [])].map(
          (name) => `${file} uses ${name}`,
        )
      })
    expect(impure).toEqual([])
  })

  it('no source file has more than 400 lines', () => {
    expect(
      facts
        .filter(({ lineCount }) => lineCount > 400)
        .map(({ file, lineCount }) => `${file}: ${String(lineCount)}`),
    ).toEqual([])
  })

  it('every exception is still needed', () => {
    const unused = EXCEPTIONS.flatMap(({ file, allows }) => {
      const used = facts.find((source) => source.file === file)?.edges.map(({ specifier }) => specifier) ?? []
      return allows.filter((name) => !used.includes(name)).map((name) => `${file} no longer imports ${name}`)
    })
    expect(unused).toEqual([])
  })
})

describe('judgeImport', () => {
  const judge = (file: string, specifier: string, isTypeOnly = false): string | null =>
    judgeImport({ file, specifier, isTypeOnly })

  it('names the layer and what it may import', () => {
    expect(judge('src-main/nas/pareto/front.ts', '../../contract/index.ts')).toBe(
      'nas may not import contract; allowed: none',
    )
    expect(judge('src-main/vision/oks.ts', 'node:fs')).toBe(
      'vision may not use node:fs: it has to run without Node',
    )
    expect(judge('src-main/store/runs.ts', 'fastify')).toBe(
      'store may not use the package fastify; allowed: drizzle-orm, better-sqlite3',
    )
  })

  it('lets types through where only types are allowed', () => {
    expect(
      judge('src-renderer/api/client.ts', '../../src-main/engine/routers/app-router.ts', true),
    ).toBeNull()
    expect(judge('src-renderer/api/client.ts', '../../src-main/engine/routers/app-router.ts')).toBe(
      'renderer may import only types of engine (import type)',
    )
  })

  it('a package name covers its subpaths, not its longer namesakes', () => {
    expect(judge('src-main/store/runs.ts', 'drizzle-orm/sqlite-core')).toBeNull()
    expect(judge('src-main/store/runs.ts', 'drizzle-orm-extra')).toMatch('may not use the package')
  })
})
