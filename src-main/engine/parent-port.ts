/** Who started this process: Electron's utilityProcess or a plain Node parent. */
export interface ParentPort {
  send(message: unknown): void
  /** Called once when a Node parent goes away; Electron ends a utility process with itself. */
  onGone(callback: () => void): void
}

export function connectToParent(): ParentPort {
  // Only there in a utility process of Electron.
  const electron: unknown = Reflect.get(process, 'parentPort')
  if (isElectronPort(electron)) {
    return { send: (message) => electron.postMessage(message), onGone: () => undefined }
  }
  return {
    send: (message) => process.send?.(message),
    onGone: (callback) => process.once('disconnect', callback),
  }
}

function isElectronPort(value: unknown): value is { postMessage(message: unknown): void } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'postMessage' in value &&
    typeof value.postMessage === 'function'
  )
}
