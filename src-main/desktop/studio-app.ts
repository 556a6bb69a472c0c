import { app, BrowserWindow, dialog } from 'electron'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { serveRenderer } from './app-scheme.ts'
import { announceEngineChange, registerBridgeHandlers } from './bridge-handlers.ts'
import { chooseStarter } from './choose-starter.ts'
import { createEngineKeeper } from './engine-keeper.ts'
import type { EngineKeeper } from './engine-keeper.ts'
import { lockDown } from './lock-down.ts'
import { createMainWindow } from './main-window.ts'
import { installMenu } from './menu.ts'
import { pageUrl } from './own-page.ts'

/** Opens the studio once Electron is ready. @param out - Absolute path of out/main, where the built entries lie. */
export async function openStudio(out: string): Promise<void> {
  lockDown()
  serveRenderer(join(out, '../renderer'))
  installMenu(!app.isPackaged)
  const keeper = keepEngine(out)
  registerBridgeHandlers(keeper)
  endEngineBeforeQuit(keeper)

  const openWindow = (): Promise<void> =>
    createMainWindow(join(out, '../preload/index.cjs')).loadURL(pageUrl())
  app.on('second-instance', focusWindow)
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) {
      void openWindow()
    }
  })
  await openWindow()
}

/** The engine starts beside the window, not before it: the page is there at once and waits for the connection. */
function keepEngine(out: string): EngineKeeper {
  const keeper = createEngineKeeper({
    starter: chooseStarter({ entry: join(out, 'engine.js'), environment: engineEnvironment() }),
    onChanged: announceEngineChange,
    onGivenUp: (reason) => {
      dialog.showErrorBox('ScaleNAS Studio: the engine does not run', reason)
    },
    log: (line) => {
      console.log(`[desktop] ${line}`)
    },
    now: () => performance.now(),
    delay: (ms) => delay(ms),
  })
  keeper.start()
  return keeper
}

function engineEnvironment(): NodeJS.ProcessEnv {
  const environment = { ...process.env }
  delete environment['ELECTRON_RUN_AS_NODE']
  environment['SCALENAS_VERSION'] = app.getVersion() // in a package the manifest is where a plain Node cannot read
  const developmentPage = process.env['ELECTRON_RENDERER_URL']
  if (developmentPage) {
    environment['SCALENAS_DEV_ORIGIN'] = new URL(developmentPage).origin // else the engine would refuse that page
  }
  return environment
}

function endEngineBeforeQuit(keeper: EngineKeeper): void {
  let hasEnded = false
  app.on('will-quit', (event) => {
    if (!hasEnded) {
      event.preventDefault()
      void keeper.stop().finally(() => {
        hasEnded = true
        app.quit()
      })
    }
  })
}

function focusWindow(): void {
  const [window] = BrowserWindow.getAllWindows()
  if (!window) {
    app.relaunch() // opened again while the engine of the closed window still writes its last checkpoint
    return
  }
  if (window.isMinimized()) {
    window.restore()
  }
  window.focus()
}
