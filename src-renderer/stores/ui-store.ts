import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { Ref } from 'vue'
import type { ErrorInfo } from '../../src-main/contract/index.ts'
import { readTokens } from '../lib/chart-tokens.ts'
import type { Token } from '../lib/chart-tokens.ts'

export type ThemeChoice = 'system' | 'dark' | 'light'
export type MotionChoice = 'system' | 'reduced'

export interface Problem {
  readonly id: number
  readonly info: ErrorInfo
}

const KEY = { theme: 'scalenas.theme', motion: 'scalenas.motion', rail: 'scalenas.rail' } as const

/** Choices of the person at the window, kept in this browser. */
export const useUiStore = defineStore('ui', () => {
  const theme = ref<ThemeChoice>(stored(KEY.theme, ['system', 'dark', 'light'], 'system'))
  const motion = ref<MotionChoice>(stored(KEY.motion, ['system', 'reduced'], 'system'))
  const railChoice = ref<'auto' | 'wide' | 'folded'>(stored(KEY.rail, ['auto', 'wide', 'folded'], 'auto'))
  const systemIsDark = ref(false)
  const isWindowNarrow = ref(false)
  const isWindowSmall = ref(false)
  const lastRunId = ref<string | null>(null)
  const isKeysOpen = ref(false)
  const isPaletteOpen = ref(false)
  const problems = shallowRef<readonly Problem[]>([])
  const hoveredCandidateId = ref<string | null>(null)
  const token = shallowRef<Token>(() => '')

  const effectiveTheme = computed<'dark' | 'light'>(() =>
    theme.value === 'system' ? (systemIsDark.value ? 'dark' : 'light') : theme.value,
  )

  followMedia('(prefers-color-scheme: dark)', systemIsDark)
  watch(
    [effectiveTheme, motion],
    () => {
      document.documentElement.dataset['theme'] = effectiveTheme.value
      document.documentElement.dataset['motion'] = motion.value
      token.value = readTokens(document.documentElement)
    },
    { immediate: true },
  )
  watch(theme, (choice) => {
    localStorage.setItem(KEY.theme, choice)
    void window.desktop?.setTheme(choice)
  })
  watch(motion, (choice) => {
    localStorage.setItem(KEY.motion, choice)
  })
  watch(railChoice, (choice) => {
    localStorage.setItem(KEY.rail, choice)
  })

  followMedia('(max-width: 1599px)', isWindowNarrow)
  followMedia('(max-width: 899px)', isWindowSmall)

  /** Workspaces fold the rail on windows under 1600 px, everything folds it under 900 px, unless it was chosen otherwise. */
  function isRailFolded(isWorkspace: boolean): boolean {
    if (isWindowSmall.value || railChoice.value === 'folded') {
      return true
    }
    return railChoice.value === 'auto' && isWorkspace && isWindowNarrow.value
  }

  function toggleRail(isFolded: boolean): void {
    railChoice.value = isFolded ? 'wide' : 'folded'
  }

  function toggleTheme(): void {
    theme.value = effectiveTheme.value === 'dark' ? 'light' : 'dark'
  }

  let nextProblem = 1
  function report(info: ErrorInfo): void {
    const isRepeated = problems.value.some((problem) => problem.info.message === info.message)
    if (!isRepeated) {
      problems.value = [...problems.value, { id: nextProblem, info }].slice(-3)
      nextProblem += 1
    }
  }

  function dismiss(id: number): void {
    problems.value = problems.value.filter((problem) => problem.id !== id)
  }

  return {
    theme,
    motion,
    railChoice,
    effectiveTheme,
    token,
    lastRunId,
    isKeysOpen,
    isPaletteOpen,
    problems,
    hoveredCandidateId,
    isRailFolded,
    toggleRail,
    toggleTheme,
    report,
    dismiss,
  }
})

function followMedia(query: string, matches: Ref<boolean>): void {
  const list = matchMedia(query)
  matches.value = list.matches
  list.addEventListener('change', (event) => {
    matches.value = event.matches
  })
}

function stored<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
  const value = localStorage.getItem(key)
  return allowed.find((choice) => choice === value) ?? fallback
}
