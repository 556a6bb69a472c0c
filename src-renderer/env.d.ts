/// <reference types="vite/client" />
import type { DesktopBridge } from '../src-preload/bridge.ts'

declare global {
  interface Window {
    /** Present in the desktop window only; the preload script puts it there. */
    readonly desktop?: DesktopBridge
  }
}
