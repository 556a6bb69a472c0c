import { describe, expect, it } from 'vitest'
import {
  nameNetworkType,
  networkTypeOf,
  refuseNetworkFolder,
} from '../../../src-main/store/network-folder.ts'

describe('a data folder on a network', () => {
  it.each([
    [0x6969, 'NFS'],
    [0x517b, 'SMB'],
    [0xff534d42, 'CIFS'],
    [0xff534d42 | 0, 'CIFS'],
    [0xfe534d42, 'SMB2'],
    [0x01021997, '9p'],
    [0xef53, null],
    [0x01021994, null],
    [0x794c7630, null],
  ])('type %i is %s', (type, name) => {
    expect(nameNetworkType(type)).toBe(name)
  })

  it('is refused with what to do, unless this machine alone uses it', () => {
    expect(() => refuseNetworkFolder('/home/ada', 'NFS', {})).toThrow(
      /\/home\/ada is on a network file system \(NFS\).*--data.*SCALENAS_NETWORK_FOLDER=this-host/,
    )
    expect(() => refuseNetworkFolder('/h', 'NFS', { SCALENAS_NETWORK_FOLDER: 'yes' })).toThrow(/NFS/)
    expect(() => refuseNetworkFolder('/h', 'NFS', { SCALENAS_NETWORK_FOLDER: 'this-host' })).not.toThrow()
    expect(() => refuseNetworkFolder('/home/ada', null, {})).not.toThrow()
  })

  it.runIf(process.platform === 'linux')('is no folder of the kernel itself', () => {
    expect(networkTypeOf('/proc')).toBeNull()
    expect(networkTypeOf('/nowhere', 'darwin')).toBeNull()
  })
})
