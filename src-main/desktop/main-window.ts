import { BrowserWindow, nativeTheme } from 'electron'

/** The page's background of both themes (tokens.css, --bg-app), so that nothing flashes before the first paint. */
const BACKGROUND = { dark: '#0b0c10', light: '#f4f5f8' }
/** Text colour of the window buttons where the page draws the title bar (tokens.css, --text). */
const SYMBOLS = { dark: '#e8eaf0', light: '#15171e' }
const TITLE_BAR_HEIGHT = 40

/** @param preload - Absolute path of the built preload script. */
export function createMainWindow(preload: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 1024,
    minHeight: 640,
    show: false,
    title: 'ScaleNAS Studio',
    backgroundColor: BACKGROUND[themeName()],
    autoHideMenuBar: true,
    ...titleBar(),
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false, // it would fetch dictionaries
    },
  })
  window.once('ready-to-show', () => {
    window.show()
  })
  const follow = (): void => {
    followTheme(window)
  }
  nativeTheme.on('updated', follow)
  window.once('closed', () => nativeTheme.off('updated', follow))
  return window
}

/** Linux keeps its own frame: which window managers honour an overlay differs too much. */
function titleBar(): Electron.BrowserWindowConstructorOptions {
  if (process.platform === 'linux') {
    return {}
  }
  return { titleBarStyle: 'hidden', titleBarOverlay: overlay() }
}

function overlay(): Electron.TitleBarOverlay {
  const theme = themeName()
  return { color: BACKGROUND[theme], symbolColor: SYMBOLS[theme], height: TITLE_BAR_HEIGHT }
}

function followTheme(window: BrowserWindow): void {
  window.setBackgroundColor(BACKGROUND[themeName()])
  if (process.platform === 'win32') {
    window.setTitleBarOverlay(overlay())
  }
}

const themeName = (): 'dark' | 'light' => (nativeTheme.shouldUseDarkColors ? 'dark' : 'light')
