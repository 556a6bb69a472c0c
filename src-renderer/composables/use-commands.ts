import { computed } from 'vue'
import type { ComputedRef } from 'vue'
import { useRouter } from 'vue-router'
import type { RouteLocationRaw } from 'vue-router'
import { candidateLabel } from '../lib/candidate-front.ts'
import type { IconName } from '../lib/icons.ts'
import type { Command } from '../lib/match-commands.ts'
import { statusWord } from '../lib/run-status.ts'
import { useCandidatesStore } from '../stores/candidates-store.ts'
import { useRunsStore } from '../stores/runs-store.ts'
import { useUiStore } from '../stores/ui-store.ts'
import { useStartDemo } from './use-start-demo.ts'

const PAGES: readonly (readonly [name: string, title: string, icon: IconName, hint: string])[] = [
  ['home', 'Home', 'home', ''],
  ['runs', 'Runs', 'runs', ''],
  ['new-run', 'New run', 'plus', 'N'],
  ['explore-nothing', 'Explore the front', 'explore', ''],
  ['preview-nothing', 'Preview', 'preview', ''],
  ['datasets', 'Datasets', 'data', ''],
  ['doctor', 'Doctor', 'pulse', ''],
  ['settings', 'Settings', 'settings', ''],
]

/** Everything the palette offers: pages, actions, runs, and the front of the open run. */
export function useCommands(): ComputedRef<readonly Command[]> {
  const router = useRouter()
  const ui = useUiStore()
  const runs = useRunsStore()
  const candidates = useCandidatesStore()
  const demo = useStartDemo()
  const go = (to: RouteLocationRaw) => (): void => {
    void router.push(to)
  }

  const pages = PAGES.map(([name, title, icon, hint]): Command => ({
    id: name,
    group: 'Go to',
    title,
    hint,
    icon,
    run: go({ name }),
  }))
  const actions: readonly Command[] = [
    {
      id: 'demo',
      group: 'Do',
      title: 'Start the demo',
      hint: '',
      icon: 'play',
      run: () => void demo.start(),
    },
    { id: 'theme', group: 'Do', title: 'Switch theme', hint: '', icon: 'moon', run: ui.toggleTheme },
    {
      id: 'keys',
      group: 'Do',
      title: 'Show all keys',
      hint: '?',
      icon: 'info',
      run: () => (ui.isKeysOpen = true),
    },
  ]
  const ofRuns = computed(() =>
    runs.runs.map((run): Command => ({
      id: run.id,
      group: 'Runs',
      title: run.name,
      hint: statusWord(run),
      icon: 'runs',
      run: go({ name: 'run', params: { id: run.id } }),
    })),
  )
  const ofFront = computed(() =>
    candidates.front.map((row): Command => ({
      id: row.id,
      group: 'Front of the open run',
      title: candidateLabel(row.number),
      hint: row.genotypeId,
      icon: 'explore',
      run: go({ name: 'explore', params: { id: row.runId }, query: { c: String(row.number) } }),
    })),
  )
  return computed(() => [...pages, ...actions, ...ofRuns.value, ...ofFront.value])
}
