import { FuseV1Options } from '@electron/fuses'
import type { PackageConfig } from './package-config.ts'

/** Each with what it keeps out. */
const NEEDED: Readonly<Record<string, boolean>> = {
  // The program as a plain Node that runs any script in its name.
  RunAsNode: false,
  // NODE_OPTIONS=--require, and certificates of a stranger.
  EnableNodeOptionsEnvironmentVariable: false,
  // --inspect, and SIGUSR1, which open a debugger to everybody on the machine.
  EnableNodeCliInspectArguments: false,
  // A folder "app" beside the archive, which is loaded first.
  OnlyLoadAppFromAsar: true,
  // A changed archive (macOS, Windows; Linux has no such check).
  EnableEmbeddedAsarIntegrityValidation: true,
  EnableCookieEncryption: true,
  // Pages from file:, which the studio has none of.
  GrantFileProtocolExtraPrivileges: false,
}
/** electron-builder's own, not a fuse. */
const NO_FUSES = new Set(['resetAdHocDarwinSignature'])

/** @returns what is wrong with the fuses; empty when every one is known by name and set as it must be. */
export function checkFuses({ electronFuses }: Pick<PackageConfig, 'electronFuses'>): readonly string[] {
  const set = new Map(
    Object.entries(electronFuses)
      .filter(([name]) => !NO_FUSES.has(name))
      .map(([name, value]) => [`${name.slice(0, 1).toUpperCase()}${name.slice(1)}`, value]),
  )
  const unknown = [...set.keys(), ...Object.keys(NEEDED)].filter((name) => !(name in FuseV1Options))
  const wrong = Object.entries(NEEDED).filter(([name, value]) => set.get(name) !== value)
  return [
    ...new Set(unknown.map((name) => `fuse ${name} is none of Electron's`)),
    ...wrong.map(([name, value]) => `fuse ${name} is ${String(set.get(name))}; it must be ${String(value)}`),
  ]
}
