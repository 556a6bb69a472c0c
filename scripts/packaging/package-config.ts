/** What of electron-builder's configuration is used here; the whole is checked against its own schema (`--schema`). */
export interface PackageConfig {
  readonly appId: string
  readonly productName: string
  readonly directories: { readonly output: string; readonly buildResources: string }
  /** In order; the last pattern that fits a file decides, one with "!" leaves it out. */
  readonly files: readonly string[]
  readonly asar: boolean
  readonly asarUnpack: readonly string[]
  readonly electronFuses: Readonly<Record<string, boolean>>
  readonly npmRebuild: boolean
  readonly publish: null
  readonly linux: {
    readonly target: readonly string[]
    readonly category: string
    readonly maintainer: string
    readonly synopsis: string
  }
  readonly mac: {
    readonly target: readonly string[]
    readonly category: string
    readonly hardenedRuntime: boolean
  }
  readonly win: { readonly target: readonly string[] }
  readonly nsis: {
    readonly oneClick: boolean
    readonly perMachine: boolean
    readonly allowToChangeInstallationDirectory: boolean
  }
}

/** Major version and all: the schema and the packer that the configuration was checked with. */
export const BUILDER_VERSION = '26.17.0'
