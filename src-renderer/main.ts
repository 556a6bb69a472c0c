import './zod-without-eval.ts'
import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/jetbrains-mono/wght.css'
import './styles/tokens.css'
import './styles/base.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { connectionSource } from './api/connection-source.ts'
import { ENGINE, connectEngine } from './api/engine.ts'
import { errorInfoOf, isConnectionLoss } from './api/error-info.ts'
import App from './App.vue'
import { createStudioRouter } from './router.ts'
import { useConnectionStore } from './stores/connection-store.ts'
import { useUiStore } from './stores/ui-store.ts'

const source = connectionSource(window)
const app = createApp(App)
const pinia = createPinia()
app.use(pinia)

const connection = useConnectionStore(pinia)
const ui = useUiStore(pinia)
const engine = connectEngine({
  source,
  onStateChanged: (state) => {
    connection.apply(state, Date.now())
    // Opening says nothing of the token; a page that was locked out may be known again (the desktop's has a new one by itself).
    if (state === 'closed' || connection.isLockedOut) {
      void checkToken()
    }
  },
})
app.provide(ENGINE, engine)

/** A socket that is closed again and again may be a restart, or a page with the token of an engine that is gone. */
async function checkToken(): Promise<void> {
  connection.isLockedOut = !(await engine.isAdmitted())
}

/** The one place where errors surface; a call cut off by a lost engine is told by the banner already. */
function reportError(thrown: unknown): void {
  if (connection.isLockedOut || isConnectionLoss(thrown)) {
    return
  }
  const info = errorInfoOf(thrown)
  if (info.code === 'UNAUTHORIZED') {
    connection.isLockedOut = true
    return
  }
  console.warn(thrown)
  ui.report(info)
}
app.config.errorHandler = reportError
window.addEventListener('unhandledrejection', (event) => {
  event.preventDefault()
  reportError(event.reason)
})

app.use(createStudioRouter())
app.mount('#app')
