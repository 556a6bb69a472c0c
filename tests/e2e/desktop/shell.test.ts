import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDataFolder, launchStudio } from '../support/launch-studio.ts'
import type { Studio } from '../support/launch-studio.ts'
import { isAlive, waitForProcess } from '../support/processes.ts'

const ENGINE_TIMEOUT_MS = 30_000

/** Electron has it, but its types do not name it. */
interface WithPreferences {
  getLastWebPreferences(): { sandbox: boolean; contextIsolation: boolean; nodeIntegration: boolean }
}

describe('desktop shell', () => {
  const data = createDataFolder()
  let studio: Studio
  beforeAll(async () => {
    studio = await launchStudio(data.folder)
  })
  afterAll(async () => {
    await studio.close()
    data.remove()
  })

  it('opens one sandboxed, isolated window on its own scheme', async () => {
    const windows = await studio.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) => {
        const contents = window.webContents as unknown as WithPreferences
        const { sandbox, contextIsolation, nodeIntegration } = contents.getLastWebPreferences()
        return { minimum: window.getMinimumSize(), sandbox, contextIsolation, nodeIntegration }
      }),
    )
    expect(windows).toEqual([
      { minimum: [1024, 640], sandbox: true, contextIsolation: true, nodeIntegration: false },
    ])
    expect(studio.page.url()).toMatch(/^app:\/\/bundle\//)
    expect(await studio.page.title()).toContain('ScaleNAS Studio')
    expect(await studio.page.evaluate('typeof require + typeof process')).toBe('undefinedundefined')
  })

  it('gives the page the address and token of a living engine', async () => {
    const connection = await studio.page.evaluate('window.desktop.connection()')
    expect(connection).toEqual({
      baseUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as unknown,
      token: expect.stringMatching(/^.{32,}$/) as unknown,
    })
  })

  it('hands over the pictures that were chosen in the native dialog', async () => {
    const file = join(data.folder, 'me.png')
    writeFileSync(file, Uint8Array.of(1, 2, 3))
    // The dialog itself belongs to the system and cannot be clicked here.
    await studio.app.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] })
    }, file)
    const chosen = await studio.page.evaluate(
      'window.desktop.choosePictures().then((all) => all.map((one) => ({ ...one, content: [...one.content] })))',
    )
    expect(chosen).toEqual([{ name: 'me.png', bytes: 3, content: [1, 2, 3] }])
    await studio.app.evaluate(({ dialog }) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: true, filePaths: [] })
    })
    expect(await studio.page.evaluate('window.desktop.choosePictures()')).toEqual([])
    // What is sent from the window's own origin reaches the engine, which says why it cannot take it.
    const answer = await studio.page.evaluate(`window.desktop.connection().then(({ baseUrl, token }) =>
      fetch(baseUrl + '/api/runs/r-nobody1/pictures?name=me.png', {
        method: 'POST',
        headers: { authorization: 'Bearer ' + token, 'content-type': 'application/octet-stream' },
        body: new Blob([Uint8Array.of(1, 2, 3)]),
      })).then((response) => response.json())`)
    expect(answer).toEqual({ code: 'NOT_FOUND', message: 'There is no run r-nobody1.' })
  })

  it('refuses inline scripts, new windows, other pages and files outside the page', async () => {
    const { page } = studio
    await page.evaluate(`(() => {
      const script = document.createElement('script')
      script.textContent = 'window.wasInjected = true'
      document.head.append(script)
    })()`)
    expect(await page.evaluate('window.wasInjected')).toBeUndefined()
    expect(await page.evaluate(`window.open('https://example.org') === null`)).toBe(true)
    expect(
      await page.evaluate(`fetch('app://bundle/..%2f..%2fpackage.json').then(({ status }) => status)`),
    ).toBe(404)
    await page.evaluate(`void (location.href = 'https://example.org')`)
    await page.waitForTimeout(300)
    expect(page.url()).toMatch(/^app:\/\/bundle\//)
  })

  it('lets the page copy text and denies every other permission', async () => {
    const { page } = studio
    await page.evaluate(`navigator.clipboard.writeText('a genotype')`)
    expect(await studio.app.evaluate(({ clipboard }) => clipboard.readText())).toBe('a genotype')
    const denied = `navigator.clipboard.readText().catch(({ name }) => name)`
    expect(await page.evaluate(denied)).toBe('NotAllowedError')
    expect(await page.evaluate('Notification.requestPermission()')).toBe('denied')
  })

  it('starts a killed engine again and tells the page', async () => {
    const { page } = studio
    const before = await page.evaluate('window.desktop.connection()')
    await page.evaluate('window.changes = 0; void window.desktop.onEngineChanged(() => { window.changes++ })')
    const engine = await waitForProcess(studio.mainPid, 'engine.js', ENGINE_TIMEOUT_MS)
    process.kill(engine.pid, 'SIGKILL')
    await expect.poll(() => page.evaluate('window.changes'), { timeout: ENGINE_TIMEOUT_MS }).toBe(1)
    expect(await page.evaluate('window.desktop.connection()')).not.toEqual(before)
  })

  it('leaves no engine behind when it is closed', async () => {
    const own = createDataFolder()
    const other = await launchStudio(own.folder)
    await other.page.evaluate('window.desktop.connection()')
    const engine = await waitForProcess(other.mainPid, 'engine.js', ENGINE_TIMEOUT_MS)
    await other.close()
    await expect.poll(() => isAlive(engine.pid), { timeout: 10_000 }).toBe(false)
    own.remove()
  })
})
