/** Who started this process: Electron's utilityProcess or a plain Node parent. */
export interface ParentPort {
  send(message: unknown): void
  /** Called once when the parent goes away. */
  onGone(callback: () => void): void
}

/** What Electron adds to `process` in a utility process. */
interface ElectronParentPort {
  postMessage(message: unknown): void
  on(event: 'close', listener: () => void): void
}

export function connectToParent(): ParentPort {
  const { parentPort: electron }: { readonly parentPort?: ElectronParentPort } = process
  if (electron !== undefined) {
    return {
      send: (message) => electron.postMessage(message),
      onGone: (callback) => electron.on('close', callback),
    }
  }
  return {
    send: (message) => process.send?.(message),
    onGone: (callback) => process.once('disconnect', callback),
  }
}
