import type { GlobalThemeOverrides } from 'naive-ui'

/** Value of a design token by its name without the leading dashes. Libraries compute with colours, so they need values, not var(). */
export type Token = (name: string) => string

export function readTokens(root: Element): Token {
  const style = getComputedStyle(root)
  return (name) => style.getPropertyValue(`--${name}`).trim()
}

const SEQUENCE = [0, 1, 2, 3, 4, 5, 6] as const

/** Colour of an ordered thing. @param share - 0 for the first, 1 for the last; `from` skips dark ends for lines. */
export function sequenceColor(token: Token, share: number, from = 0): string {
  const last = SEQUENCE.length - 1
  const index = Math.round(from + Math.min(1, Math.max(0, share)) * (last - from))
  return token(`seq-${index.toString()}`)
}

/** @param fieldColor - Surface of text fields: inset in the dark theme, raised in the light one. */
export function naiveOverrides(t: Token, fieldColor: string): GlobalThemeOverrides {
  return { common: naiveCommon(t), ...naiveComponents(t, fieldColor) }
}

function naiveCommon(t: Token): NonNullable<GlobalThemeOverrides['common']> {
  return {
    fontFamily: t('font-sans'),
    fontFamilyMono: t('font-mono'),
    fontSize: '13px',
    fontSizeSmall: '12.5px',
    fontSizeMedium: '13px',
    fontWeightStrong: '620',
    heightTiny: '20px',
    heightSmall: '24px',
    heightMedium: '28px',
    heightLarge: '34px',
    borderRadius: '5px',
    borderRadiusSmall: '3px',
    primaryColor: t('accent'),
    primaryColorHover: t('accent'),
    primaryColorPressed: t('accent'),
    primaryColorSuppl: t('accent-solid'),
    infoColor: t('info'),
    successColor: t('ok'),
    warningColor: t('warn'),
    errorColor: t('bad'),
    textColorBase: t('fg'),
    textColor1: t('fg'),
    textColor2: t('fg'),
    textColor3: t('fg-3'),
    textColorDisabled: t('fg-disabled'),
    placeholderColor: t('fg-3'),
    iconColor: t('fg-3'),
    bodyColor: t('bg-surface'),
    cardColor: t('bg-raised'),
    modalColor: t('bg-popover'),
    popoverColor: t('bg-popover'),
    tableColor: t('bg-raised'),
    tableHeaderColor: t('bg-raised'),
    tableColorHover: t('bg-hover'),
    inputColor: t('bg-inset'),
    hoverColor: t('bg-hover'),
    pressedColor: t('bg-active'),
    dividerColor: t('line-subtle'),
    borderColor: t('line'),
    scrollbarColor: t('line-strong'),
    boxShadow1: t('shadow-1'),
    boxShadow2: t('shadow-2'),
    boxShadow3: t('shadow-3'),
    cubicBezierEaseInOut: t('ease-out'),
  }
}

function naiveComponents(t: Token, fieldColor: string): Omit<GlobalThemeOverrides, 'common'> {
  const field = { border: `1px solid ${t('line')}`, borderHover: `1px solid ${t('line-strong')}` }
  const focused = { borderFocus: `1px solid ${t('accent')}`, boxShadowFocus: `0 0 0 1px ${t('accent')}` }
  return {
    Input: { ...field, ...focused, color: fieldColor, colorFocus: fieldColor, paddingMedium: '0 9px' },
    InternalSelection: { ...field, ...focused, color: fieldColor, colorActive: fieldColor },
    Switch: { railColorActive: t('accent-solid') },
    Checkbox: { colorChecked: t('accent-solid'), borderChecked: `1px solid ${t('accent-solid')}` },
    Slider: {
      fillColor: t('accent'),
      fillColorHover: t('accent'),
      railColor: t('line'),
      railHeight: '3px',
      handleSize: '12px',
    },
    Dialog: { borderRadius: '12px' },
    Tooltip: { color: t('bg-popover'), textColor: t('fg'), boxShadow: t('shadow-2'), borderRadius: '5px' },
  }
}

export function echartsTheme(t: Token): object {
  const axis = {
    axisLine: { lineStyle: { color: t('chart-axis') } },
    axisTick: { show: false },
    axisLabel: { color: t('chart-label'), fontSize: 10.5 },
    splitLine: { lineStyle: { color: t('chart-grid') } },
    nameTextStyle: { color: t('chart-label'), fontSize: 11 },
  }
  const pointer = { lineStyle: { color: t('chart-crosshair') }, crossStyle: { color: t('chart-crosshair') } }
  return {
    color: [1, 2, 3, 4, 5, 6, 7, 8].map((index) => t(`run-${index.toString()}`)),
    backgroundColor: 'transparent',
    textStyle: { fontFamily: t('font-sans') },
    categoryAxis: axis,
    valueAxis: axis,
    logAxis: axis,
    timeAxis: axis,
    line: { showSymbol: false, lineStyle: { width: 1.6 } },
    scatter: { symbolSize: 5.5 },
    legend: { textStyle: { color: t('fg-2') }, itemWidth: 10, itemHeight: 10 },
    visualMap: { inRange: { color: SEQUENCE.map((index) => t(`seq-${index.toString()}`)) } },
    tooltip: {
      backgroundColor: t('bg-popover'),
      borderColor: t('line'),
      textStyle: { color: t('fg'), fontSize: 11.5 },
      confine: true,
      axisPointer: pointer,
    },
  }
}
