import { statfsSync } from 'node:fs'
import { EngineError } from '../contract/index.ts'

/** Types of file systems as Linux numbers them (statfs(2)). FUSE has one number for local and remote ones, so it is let pass. */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x73757245, 'Coda'],
])

/** Says that one machine alone uses a folder on a network file system. */
export const NETWORK_VARIABLE = 'SCALENAS_NETWORK_FOLDER'

/** Null for a disk of this machine, and where the system has no such numbers. */
export function networkTypeOf(folder: string, platform: NodeJS.Platform = process.platform): string | null {
  return platform === 'linux' ? nameNetworkType(statfsSync(folder).type) : null
}

/** @param type - As statfs gives it; some systems give the 32 bits with a sign. */
export function nameNetworkType(type: number): string | null {
  return NETWORK_TYPES.get(type >>> 0) ?? null
}

/**
 * Locks of network file systems may hold on one machine only, and SQLite's write-ahead log needs memory that all its users share.
 * @throws EngineError STORAGE on one, unless the environment says that this machine alone uses the folder.
 */
export function refuseNetworkFolder(
  folder: string,
  network: string | null,
  env: Readonly<Record<string, string | undefined>> = process.env,
): void {
  if (network !== null && env[NETWORK_VARIABLE] !== 'this-host') {
    throw new EngineError(
      'STORAGE',
      `The data folder ${folder} is on a network file system (${network}), where two machines could open one database at once. Choose a folder on a disk of this machine with --data or SCALENAS_DATA. If no other machine ever uses the folder, set ${NETWORK_VARIABLE}=this-host.`,
    )
  }
}
