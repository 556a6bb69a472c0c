import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listDataPaths } from '../../../src-main/store/data-folder.ts'
import { acquireEngineLock, findLiveEngine, readEngineToken } from '../../../src-main/store/engine-lock.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'

const LOCK_PROCESS = join(import.meta.dirname, '../../support/lock-process.ts')
const RACERS = 20

let folder: ReturnType<typeof createTemporaryFolder>
const children: ChildProcess[] = []
beforeEach(() => {
  folder = createTemporaryFolder()
})
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => kill(child)))
  folder.remove()
})
const paths = () => listDataPaths(folder.folder)

/** A process that waits for `go` and then says how its try went. */
function startLocker(before: readonly string[] = []) {
  const command = [...before, process.execPath, LOCK_PROCESS, folder.folder]
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => String((await lines.next()).value)
  return {
    child,
    isReady: next(),
    go(): Promise<string> {
      child.stdin.write('go\n')
      return next()
    },
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return
  }
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

async function lockElsewhere(before: readonly string[] = []) {
  const locker = startLocker(before)
  await locker.isReady
  return { child: locker.child, answer: await locker.go() }
}

describe('the lock of a data folder', { timeout: 120_000 }, () => {
  it('refuses a second engine of the same process and says where the first is', () => {
    const lock = acquireEngineLock(paths())
    lock.publish('http://127.0.0.1:7420', 'secret')
    expect(() => acquireEngineLock(paths())).toThrow(
      new RegExp(`process id ${String(process.pid)} \\(http://127.0.0.1:7420\\)`),
    )
    expect(findLiveEngine(paths())?.url).toBe('http://127.0.0.1:7420')
    lock.release()
    acquireEngineLock(paths()).release()
  })

  it('keeps the token in a file of its own that only the owner may read', () => {
    const lock = acquireEngineLock(paths())
    lock.publish('http://127.0.0.1:1', 'secret')
    expect(readEngineToken(paths())).toBe('secret')
    expect(statSync(paths().token).mode & 0o777).toBe(0o600)
    expect(readFileSync(paths().lock, 'utf8')).not.toContain('secret')
    lock.release()
    expect(readEngineToken(paths())).toBeNull()
  })

  it('outlives whoever looks for its holder, in this process and from another', async () => {
    const lock = acquireEngineLock(paths())
    lock.publish('http://127.0.0.1:1', 'secret')
    for (let look = 0; look < 20; look += 1) {
      expect(findLiveEngine(paths())?.pid).toBe(process.pid)
    }
    expect((await lockElsewhere()).answer).toMatch(/^refused CONFLICT .*process id/)
    lock.release()
    expect((await lockElsewhere()).answer).toMatch(/^held/)
  })

  it('of a killed process is free at once, and its files name nobody who lives', async () => {
    const { child, answer } = await lockElsewhere()
    expect(answer).toBe(`held ${String(child.pid)}`)
    expect(findLiveEngine(paths())).toMatchObject({ pid: child.pid, host: hostname() })
    expect(() => acquireEngineLock(paths())).toThrow(new RegExp(`process id ${String(child.pid)} `))
    await kill(child)
    expect(existsSync(paths().lock)).toBe(true)
    expect(findLiveEngine(paths())).toBeNull()
    acquireEngineLock(paths()).release()
  })

  it(`goes to exactly one of ${String(RACERS)} that ask at once`, async () => {
    const lockers = Array.from({ length: RACERS }, () => startLocker())
    await Promise.all(lockers.map((locker) => locker.isReady))
    const answers = await Promise.all(lockers.map((locker) => locker.go()))
    expect(answers.filter((answer) => answer.startsWith('held'))).toHaveLength(1)
    expect(answers.filter((answer) => answer.startsWith('refused CONFLICT'))).toHaveLength(RACERS - 1)
    const holder = lockers[answers.findIndex((answer) => answer.startsWith('held'))]
    expect(findLiveEngine(paths())?.pid).toBe(holder?.child.pid)
  })

  it('leaves no drafts behind', () => {
    const lock = acquireEngineLock(paths())
    lock.publish('http://127.0.0.1:1', 'secret')
    expect(readdirSync(folder.folder).toSorted()).toEqual([
      'engine-lock.sqlite',
      'engine.lock',
      'engine.token',
    ])
    lock.release()
    expect(readdirSync(folder.folder)).toEqual(['engine-lock.sqlite'])
  })
})

/** Why this machine cannot make namespaces, or null where it can. */
function whyNoNamespaces(): string | null {
  try {
    execFileSync('unshare', ['--pid', '--uts', '--fork', '--mount-proc', 'true'], { stdio: 'pipe' })
    return null
  } catch (thrown) {
    return `unshare is not possible here: ${String(thrown).split('\n')[0] ?? ''}`
  }
}

const missing = whyNoNamespaces()
const title = `the lock and containers${missing === null ? '' : ` (skipped, ${missing})`}`
describe.skipIf(missing !== null)(title, { timeout: 120_000 }, () => {
  const rename = 'echo box-of-a-container > /proc/sys/kernel/hostname; exec "$@"'
  const asContainer = [
    ...['unshare', '--pid', '--uts', '--fork', '--mount-proc', '--kill-child'],
    ...['sh', '-c', rename, 'sh'],
  ]

  it('holds in both directions, names the host, and is free after kill -9', async () => {
    const inside = await lockElsewhere(asContainer)
    // Its number in its own process table, where everybody begins anew.
    expect(inside.answer).toBe('held 1')
    expect(() => acquireEngineLock(paths())).toThrow(/process id 1 on the host box-of-a-container/)
    expect(findLiveEngine(paths())?.host).toBe('box-of-a-container')
    expect((await lockElsewhere(asContainer)).answer).toMatch(/^refused CONFLICT/)

    await kill(inside.child)
    const own = await lockElsewhere()
    expect(own.answer).toMatch(/^held/)
    expect((await lockElsewhere(asContainer)).answer).toMatch(/^refused CONFLICT .*on the host/)
    await kill(own.child)
    acquireEngineLock(paths()).release()
  })
})

describe('whatever lies where the lock should be', { timeout: 60_000 }, () => {
  const hold = (): void => {
    acquireEngineLock(paths()).release()
  }
  const write = (holder: object | string): void => {
    writeFileSync(paths().lock, typeof holder === 'string' ? holder : JSON.stringify(holder))
  }

  it.each([
    ['half a file', '{"pid": 12'],
    ['process 0', { pid: 0, processStart: null, url: null, nonce: 'n' }],
    ['process -1', { pid: -1, processStart: null, url: null, nonce: 'n' }],
    ['a process id that was used again', { pid: process.pid, processStart: '1', url: null, nonce: 'n' }],
    ['another host', { pid: 1, host: 'elsewhere', processStart: null, url: 'http://e:1', nonce: 'n' }],
    ['this very process, which holds no lock', { pid: process.pid, host: hostname(), nonce: 'n' }],
  ])('%s does not keep anybody out', (_what, holder) => {
    write(holder)
    expect(findLiveEngine(paths())).toBeNull()
    hold()
  })

  it('a living engine of version 0.1 does, and the message says what to do if it is none', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60000)'])
    children.push(child)
    write({ pid: child.pid, processStart: null, url: 'http://127.0.0.1:3', nonce: 'old' })
    expect(findLiveEngine(paths())?.url).toBe('http://127.0.0.1:3')
    expect(hold).toThrow(/in use by the engine with process id .* is no engine, remove .*engine\.lock/)
    await kill(child)
    expect(findLiveEngine(paths())).toBeNull()
    hold()
  })

  it('a folder is refused by name, of both files', () => {
    mkdirSync(paths().lock)
    expect(findLiveEngine(paths())).toBeNull()
    expect(hold).toThrow(/STORAGE|engine\.lock cannot be written \(EISDIR\)/)
    folder.remove()
    mkdirSync(paths().kernelLock, { recursive: true })
    expect(hold).toThrow(/engine-lock\.sqlite is no file/)
  })

  it('text instead of a database is emptied, and locks as well as any', async () => {
    writeFileSync(paths().kernelLock, 'no database at all, '.repeat(100))
    const lock = acquireEngineLock(paths())
    expect(statSync(paths().kernelLock).size).toBe(0)
    expect((await lockElsewhere()).answer).toMatch(/^refused CONFLICT/)
    lock.release()
  })

  it('a file of another name is not touched when the lock is lost', () => {
    const lock = acquireEngineLock(paths())
    write({ pid: process.pid, host: hostname(), nonce: 'other' })
    lock.release()
    expect(readFileSync(paths().lock, 'utf8')).toContain('other')
  })
})
