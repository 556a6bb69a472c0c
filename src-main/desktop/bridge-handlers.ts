import { BrowserWindow, dialog, ipcMain, nativeTheme } from 'electron'
import type { IpcMainInvokeEvent, OpenDialogOptions } from 'electron'
import { BRIDGE_CHANNELS } from '../../src-preload/bridge.ts'
import type { ChosenPicture, EngineConnection, ThemeChoice } from '../../src-preload/bridge.ts'
import { readChosenPictures } from './chosen-pictures.ts'
import type { EngineKeeper } from './engine-keeper.ts'
import { isOwnPage } from './own-page.ts'

const PICTURE_EXTENSIONS = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'tif', 'tiff'] as const

/** Answers the preload script's calls; every sender is checked first. */
export function registerBridgeHandlers(keeper: EngineKeeper): void {
  ipcMain.handle(BRIDGE_CHANNELS.connection, async (event): Promise<EngineConnection> => {
    assertOwnPage(event)
    const { url, token } = await keeper.address()
    return { baseUrl: url, token }
  })
  ipcMain.handle(BRIDGE_CHANNELS.chooseFolder, (event) => {
    assertOwnPage(event)
    return chooseFolder(BrowserWindow.fromWebContents(event.sender))
  })
  ipcMain.handle(BRIDGE_CHANNELS.choosePictures, (event): Promise<readonly ChosenPicture[]> => {
    assertOwnPage(event)
    return choosePictures(BrowserWindow.fromWebContents(event.sender))
  })
  ipcMain.handle(BRIDGE_CHANNELS.setTheme, (event, theme: unknown) => {
    assertOwnPage(event)
    nativeTheme.themeSource = toThemeChoice(theme)
  })
}

/** Tells every window that `connection()` has a new answer. */
export function announceEngineChange(): void {
  for (const window of BrowserWindow.getAllWindows()) {
    window.webContents.send(BRIDGE_CHANNELS.engineChanged)
  }
}

function assertOwnPage(event: IpcMainInvokeEvent): void {
  const frame = event.senderFrame
  const isOwn = frame !== null && frame.parent === null && isOwnPage(frame.url)
  if (!isOwn) {
    throw new Error(`refused a call from ${frame?.url ?? 'a frame that is gone'}`)
  }
}

async function chooseFolder(window: BrowserWindow | null): Promise<string | null> {
  const chosen = await choose(window, { title: 'Choose a dataset folder', properties: ['openDirectory'] })
  return chosen[0] ?? null
}

async function choosePictures(window: BrowserWindow | null): Promise<readonly ChosenPicture[]> {
  const chosen = await choose(window, {
    title: 'Choose pictures',
    properties: ['openFile', 'multiSelections'],
    filters: [
      { name: 'Pictures', extensions: [...PICTURE_EXTENSIONS] },
      { name: 'All files', extensions: ['*'] },
    ],
  })
  return readChosenPictures(chosen)
}

/** @returns Absolute paths; none when the dialog was closed without a choice. */
async function choose(window: BrowserWindow | null, options: OpenDialogOptions): Promise<readonly string[]> {
  const { canceled, filePaths } = window
    ? await dialog.showOpenDialog(window, options)
    : await dialog.showOpenDialog(options)
  return canceled ? [] : filePaths
}

function toThemeChoice(theme: unknown): ThemeChoice {
  if (theme === 'system' || theme === 'light' || theme === 'dark') {
    return theme
  }
  throw new Error(`theme is ${JSON.stringify(theme)}; allowed are system, light, dark`)
}
