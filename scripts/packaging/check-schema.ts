import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { BUILDER_VERSION } from './package-config.ts'

/** @returns what electron-builder's own schema says against the configuration. */
export function checkSchema(config: unknown, schema: object): readonly string[] {
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: false })
  const validate = ajv.compile(schema)
  return validate(config)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message, params }) =>
        `configuration${instancePath || ' '} ${message ?? 'is wrong'} ${JSON.stringify(params)}`.trim(),
      )
}

/**
 * Fetches the schema out of the package app-builder-lib by npm, without installing it: with all that it needs it has 90 MB.
 * @throws Error with npm's words when it cannot be had.
 */
export function fetchSchema(): object {
  const folder = mkdtempSync(join(tmpdir(), 'scalenas-schema-'))
  try {
    run(
      'npm',
      ['pack', `app-builder-lib@${BUILDER_VERSION}`, '--silent', '--pack-destination', folder],
      folder,
    )
    run('tar', ['-xzf', `app-builder-lib-${BUILDER_VERSION}.tgz`, 'package/scheme.json'], folder)
    return JSON.parse(readFileSync(join(folder, 'package/scheme.json'), 'utf8')) as object
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) {
    throw new Error(`${command} ${args[0] ?? ''}: ${error?.message ?? stderr.trim()}`)
  }
}
