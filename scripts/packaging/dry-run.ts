import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import config from '../../electron-builder.config.ts'
import { checkContents, checkRuntimeFiles } from './check-files.ts'
import { checkFuses } from './check-fuses.ts'
import { checkSchema, fetchSchema } from './check-schema.ts'
import { listPackageFiles } from './list-package-files.ts'

/** Entry of `npm run package -- --dry-run`: says what would go into a package and what is wrong with it. Downloads nothing by itself. */
const root = resolve(import.meta.dirname, '../..')
const files = listPackageFiles(root, config)
const checks: Record<string, () => readonly string[]> = {
  'fuses, by name and value': () => checkFuses(config),
  'contents: program and packages alone': () => checkContents(files, config),
  'what is opened at run time lies beside the archive': () =>
    checkRuntimeFiles(
      files,
      (path) => readFileSync(join(root, path), 'utf8'),
      (name) => existsSync(join(root, 'node_modules', name, 'package.json')),
    ),
  ...(process.argv.includes('--schema') && {
    "electron-builder's own schema": () => checkSchema(config, fetchSchema()),
  }),
}

let problems = 0
for (const [name, check] of Object.entries(checks)) {
  const found = check()
  problems += found.length
  console.log(`${found.length === 0 ? 'ok    ' : 'wrong '} ${name}`)
  found.slice(0, 20).forEach((problem) => {
    console.log(`         ${problem}`)
  })
}
const bytes = files.reduce(
  (sum, { path }) => sum + (statSync(join(root, path), { throwIfNoEntry: false })?.size ?? 0),
  0,
)
const unpacked = files.filter(({ isUnpacked }) => isUnpacked).length
console.log(
  `${files.length} files, ${Math.round(bytes / 2 ** 20)} MiB, ${unpacked} of them beside the archive; ` +
    `targets: ${[config.linux, config.mac, config.win].flatMap(({ target }) => target).join(', ')}`,
)
process.exitCode = problems === 0 ? 0 : 1
