import { app } from 'electron'
import { registerAppScheme } from './desktop/app-scheme.ts'
import { openStudio } from './desktop/studio-app.ts'

// As root (containers, CI) the children run with --no-sandbox; enableSandbox() would take that from them and they die in a loop.
// Windows are sandboxed by their own preference either way.
if (!app.commandLine.hasSwitch('no-sandbox')) {
  app.enableSandbox()
}
registerAppScheme()
const userData = process.env['SCALENAS_USER_DATA'] // tests keep window state and the instance lock to themselves
if (userData) {
  app.setPath('userData', userData)
}

if (app.requestSingleInstanceLock()) {
  app.on('window-all-closed', () => {
    app.quit()
  })
  // Not a top-level await: an ES module that awaits this holds back the very event it waits for.
  app.whenReady().then(() => openStudio(import.meta.dirname).catch(fail), fail)
} else {
  app.quit()
}

function fail(error: unknown): void {
  console.error('[desktop] the studio could not be opened:', error)
  app.exit(1)
}
