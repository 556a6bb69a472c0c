import type { PackageConfig } from './scripts/packaging/package-config.ts'

/**
 * How the desktop program is packed; `npm run package` hands this to electron-builder, `npm run package -- --dry-run` checks it.
 * The program's first file, the preload script and the page lie in the archive, which Electron verifies on macOS and Windows. Engine
 * and workers run on a plain Node too, which cannot read in it, so what they open lies beside it.
 */
const config: PackageConfig = {
  appId: 'studio.scalenas.desktop',
  productName: 'ScaleNAS Studio',
  directories: { output: 'dist', buildResources: 'build' },
  files: [
    'package.json',
    'out/main/**/*.js',
    'out/preload/index.cjs',
    'out/renderer/**/*',
    'resources/{published,sources}.json',
    'resources/presets/*.json',
    // The command line comes with the npm package; nothing starts it here.
    '!out/main/cli.js',
    // Source maps hold whole sources, and nothing reads them there.
    '!**/*.map',
    '!**/node_modules/**/{test,tests,spec,__tests__,example,examples,docs,.github}/**',
    '!**/node_modules/**/*.{md,markdown,ts,mts,cts,tsbuildinfo,c,cc,cpp,h,hpp,gyp,gypi,o,d}',
    '!**/node_modules/**/.*',
    '!**/node_modules/**/.*/**',
  ],
  asar: true,
  asarUnpack: [
    'out/main/{engine,worker,loader-thread,webgpu-thread,webgpu-probe}.js',
    'out/main/chunks/**',
    'resources/**',
    'node_modules/**',
  ],
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
    // Apple silicon runs no binary whose signature does not fit, and the fuses have changed it.
    resetAdHocDarwinSignature: true,
  },
  // Native parts come prebuilt on Node-API, and are made ready by `npm run setup` on the machine that packs.
  npmRebuild: false,
  publish: null,
  linux: {
    target: ['AppImage', 'deb'],
    category: 'Science',
    maintainer: 'ScaleNAS Studio',
    synopsis: 'Search networks that fit a compute budget',
  },
  mac: { target: ['dmg'], category: 'public.app-category.developer-tools', hardenedRuntime: true },
  win: { target: ['nsis'] },
  nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true },
}

export default config
