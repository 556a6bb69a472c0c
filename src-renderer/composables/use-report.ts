import { errorInfoOf, isConnectionLoss } from '../api/error-info.ts'
import { useUiStore } from '../stores/ui-store.ts'

/** For callbacks that Vue does not watch over, such as subscriptions: shows the error where all errors are shown. */
export function useReport(): (thrown: unknown) => void {
  const ui = useUiStore()
  return (thrown) => {
    if (!isConnectionLoss(thrown)) {
      ui.report(errorInfoOf(thrown))
    }
  }
}
