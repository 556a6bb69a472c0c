import { contextBridge, ipcRenderer } from 'electron'
import { BRIDGE_CHANNELS, type ChosenPicture, type DesktopBridge, type EngineConnection } from './bridge.ts'

const bridge: DesktopBridge = {
  platform: process.platform,
  connection: () => ipcRenderer.invoke(BRIDGE_CHANNELS.connection) as Promise<EngineConnection>,
  onEngineChanged(callback) {
    const listener = (): void => {
      callback()
    }
    ipcRenderer.on(BRIDGE_CHANNELS.engineChanged, listener)
    return () => {
      ipcRenderer.off(BRIDGE_CHANNELS.engineChanged, listener)
    }
  },
  chooseFolder: () => ipcRenderer.invoke(BRIDGE_CHANNELS.chooseFolder) as Promise<string | null>,
  choosePictures: () =>
    ipcRenderer.invoke(BRIDGE_CHANNELS.choosePictures) as Promise<readonly ChosenPicture[]>,
  setTheme: (theme) => ipcRenderer.invoke(BRIDGE_CHANNELS.setTheme, theme) as Promise<void>,
}

contextBridge.exposeInMainWorld('desktop', bridge)
