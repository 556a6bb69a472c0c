#!/usr/bin/env node
// Pictures of every screen in both themes, from a served studio: for docs/screenshots (drawn data only) and for judging a change.
//   node scripts/take-screenshots.mjs --url 'http://127.0.0.1:PORT/#token=…' --out docs/screenshots [--run r-…] [--compare r-…,r-…]
//   --empty  only the home of an empty data folder      --live  starts the demo and shows it while it trains
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    out: { type: 'string', default: 'docs/screenshots' },
    run: { type: 'string' },
    compare: { type: 'string' },
    empty: { type: 'boolean', default: false },
    live: { type: 'boolean', default: false },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
if (!values.url) {
  console.error('--url is needed: the address with token that `scalenas serve` prints')
  process.exit(2)
}

/** Long enough for charts to lay out and predictions to arrive on two busy cores. */
const SETTLE_MS = 2500
const run = values.run
const SCREENS = values.empty
  ? [['home-empty', '/']]
  : [
      ['home', '/'],
      ['runs', '/runs'],
      ['new-run', '/runs/new'],
      ['datasets', '/datasets'],
      ['doctor', '/doctor'],
      ['settings', '/settings'],
      ...(run
        ? [
            ['run', `/runs/${run}`],
            ['run-config', `/runs/${run}?tab=config`],
            ['explore', `/runs/${run}/explore`],
            ['preview', `/runs/${run}/preview`],
          ]
        : []),
      ...(values.compare ? [['compare', `/runs/compare?runs=${values.compare}`]] : []),
    ]

mkdirSync(values.out, { recursive: true })
/** When the super-network's curves have a shape. */
const LIVE_MS = 100_000

const browser = await chromium.launch({
  executablePath: values.chromium,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
  ],
})
for (const theme of ['dark', 'light']) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: theme })
  const page = await context.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error') {
      console.error(`${theme}: ${message.text()}`)
    }
  })
  await page.goto(values.url)
  await page.waitForTimeout(SETTLE_MS)
  if (values.live) {
    await showLiveRun(page, theme)
  }
  for (const [name, path] of values.live ? [] : SCREENS) {
    await page.evaluate((hash) => (location.hash = hash), path)
    await page.waitForTimeout(SETTLE_MS)
    if (name === 'explore') {
      await selectPoint(page)
    }
    await page.screenshot({ path: join(values.out, `${name}-${theme}.png`), animations: 'disabled' })
    console.log(`${name}-${theme}.png`)
  }
  await context.close()
}
await browser.close()

/** Clicks the middle of the front, as a person would, so that inspector and predictions are filled. */
async function selectPoint(page) {
  const chart = page.getByTestId('front-chart')
  const points = JSON.parse((await chart.getAttribute('data-points')) ?? '[]')
  const point = points[Math.floor(points.length / 2)]
  const box = await chart.boundingBox()
  if (point && box) {
    await page.mouse.click(box.x + point.x, box.y + point.y)
    await page.waitForTimeout(2 * SETTLE_MS)
  }
}

/** The demo in training, from the page as it is: started in the first theme, already there in the second. */
async function showLiveRun(page, theme) {
  const start = page.getByTestId('start-demo')
  if (await start.isVisible()) {
    await start.click()
    await page.waitForTimeout(LIVE_MS)
  } else {
    await page.locator('[data-testid^="run-row-"]').first().click()
  }
  await page.getByTestId('tab-charts').click()
  await page.waitForTimeout(SETTLE_MS)
  await page.screenshot({ path: join(values.out, `run-live-${theme}.png`), animations: 'disabled' })
  console.log(`run-live-${theme}.png`)
}
