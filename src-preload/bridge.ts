/** What the desktop window adds to the page as `window.desktop`; absent in a browser. The renderer imports these types only. */
export interface DesktopBridge {
  /** As Node names it: 'linux', 'darwin', 'win32'. */
  readonly platform: string
  /** Waits until the engine is ready. @throws Error when it could not be started, with its last output. */
  connection(): Promise<EngineConnection>
  /** Calls back whenever the engine has been restarted, so that `connection()` has a new answer. @returns stops calling back. */
  onEngineChanged(callback: () => void): () => void
  /** Native dialog. @returns the absolute path, or null when it was closed without a choice. */
  chooseFolder(): Promise<string | null>
  /** Native dialog for pictures. @returns those that were chosen; empty when it was closed without a choice. */
  choosePictures(): Promise<readonly ChosenPicture[]>
  /** Lets native parts (dialogs, title bar, first paint) follow the theme of the page. */
  setTheme(theme: ThemeChoice): Promise<void>
}

export type ThemeChoice = 'system' | 'light' | 'dark'

/** A file that somebody chose. */
export interface ChosenPicture {
  /** Without its folder. */
  readonly name: string
  readonly bytes: number
  /** Null if it is larger than what is taken, or cannot be read. */
  readonly content: Uint8Array<ArrayBuffer> | null
}

export interface EngineConnection {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly baseUrl: string
  readonly token: string
}

/** One declaration of the channels for both ends. */
export const BRIDGE_CHANNELS = {
  connection: 'engine:connection',
  engineChanged: 'engine:changed',
  chooseFolder: 'dialog:choose-folder',
  choosePictures: 'dialog:choose-pictures',
  setTheme: 'window:set-theme',
} as const
