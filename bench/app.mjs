import { chromium } from '@playwright/test'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { fillCache } from './lib/cache.mjs'
import { writeDemo } from './lib/servers.mjs'

const TOKENS_PER_SECOND = 200
const MESSAGES = 10_000
const EXCHANGES = 500
const WARM = 100
const MODELS = 500
const OPENINGS = 7
const paragraph = 'A sentence with **bold words** and `code`, then some more of it that goes on for a while.\n\n'
const quick = 'mlx-knife-demo/hello-fp32'
const steady = 'mlx-knife-demo/counting-fp32'

const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0

/** The window in a browser on the daemon, with an engine that says a known text at a known rate. */
async function openWindow({ env, mlxk: [node, cli] }, { name = 'app', fill = () => undefined } = {}) {
  const home = join(env.HOME, name)
  const own = { ...env, MLXK_HOME: join(home, 'data'), HF_HOME: join(home, 'hf'), MLXK_PORT: '0' }
  const bench = { env: own, mlxk: [node, cli] }
  const say = (model, faults) => writeFileSync(join(writeDemo(bench, model), 'faults.json'), JSON.stringify(faults))
  say(steady, { say: paragraph.repeat(20), token_ms: 1000 / TOKENS_PER_SECOND, endless: true })
  say(quick, { say: 'A short answer of a few words.', token_ms: 0 })
  mkdirSync(home, { recursive: true })
  fill(join(home, 'hf', 'hub'))
  own.MLXK_PYTHON = join(home, 'python')
  writeFileSync(own.MLXK_PYTHON, `#!/bin/sh\nexec '${process.execPath}' '${resolve('e2e/fakes/engine/engine.mjs')}' "$@"\n`)
  chmodSync(own.MLXK_PYTHON, 0o755)
  const child = spawn(node, [cli, 'ui', '--no-open', '--json'], { env: own, stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const known = [process.env.MLXK_CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome']
  const executablePath = known.find((path) => path !== undefined && existsSync(path))
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const browser = await chromium.launch({ args, ...(executablePath === undefined ? {} : { executablePath }) })
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  await page.goto(JSON.parse(line).data.url)
  const close = async () => {
    await browser.close()
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'exit')
    rmSync(home, { recursive: true, force: true })
  }
  return { page, browser, close }
}

const answer = (page) => page.getByRole('article', { name: 'Answer' }).last()

async function choose(page, model) {
  await page.getByRole('combobox', { name: /^Model: / }).click()
  await page.getByRole('option', { name: new RegExp(model.split('/')[1].replaceAll('-', ' ?-')) }).click()
}

/** Long tasks of the page from now on; `read` returns their lengths in milliseconds. */
async function watchTasks(page) {
  await page.evaluate(() => {
    window.benchTasks = []
    new PerformanceObserver((list) => window.benchTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    })
  })
  return () => page.evaluate(() => window.benchTasks.splice(0))
}

async function scroll(page) {
  const messages = Array.from({ length: MESSAGES }, (_, at) => ({
    id: `m${at}`,
    parent_id: at === 0 ? null : `m${at - 1}`,
    role: at % 2 === 0 ? 'user' : 'assistant',
    content: at % 2 === 0 ? `Question ${at}?` : `Answer ${at}. ${'Some words of it, **bold** and `code`. '.repeat(1 + (at % 13))}`,
    created_at: '2026-01-01T00:00:00Z',
    state: 'complete',
  }))
  const chats = [{ title: 'Long', created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z', messages }]
  const text = JSON.stringify({ format: 'mlx-knife-chats', version: 1, exported_at: '2026-01-01T00:00:00Z', chats })
  await page.getByTestId('import').setInputFiles({ name: 'long.json', mimeType: 'application/json', buffer: Buffer.from(text) })
  await page.getByRole('region', { name: 'Conversations' }).getByRole('button', { name: /^Long/ }).click()
  const thread = page.getByRole('region', { name: 'Conversation', exact: true })
  await thread.getByText(`Answer ${MESSAGES - 1}.`).waitFor()
  await wait(1000)
  const readTasks = await watchTasks(page)
  const { blank, frames } = await thread.evaluate(async (scroller) => {
    let [blank, frames, still] = [0, 0, 0]
    while (still < 60 && frames < 5000) {
      scroller.scrollTop -= 2500
      await new Promise((done) => requestAnimationFrame(done))
      const box = scroller.getBoundingClientRect()
      const covered = [...scroller.querySelectorAll('[data-index]')].reduce((sum, row) => {
        const { top, bottom } = row.getBoundingClientRect()
        return sum + Math.max(0, Math.min(bottom, box.bottom) - Math.max(top, box.top))
      }, 0)
      frames += 1
      if (covered < box.height / 2) blank += 1
      still = scroller.scrollTop === 0 ? still + 1 : 0
    }
    return { blank, frames }
  })
  const tasks = await readTasks()
  const detail = `${MESSAGES} messages, ${frames} frames, ${tasks.length} tasks over 50 ms`
  return [
    { name: 'chat scroll, longest task', goal: '≤ 100 ms', limit: 100, value: Math.max(0, ...tasks), unit: 'ms', detail },
    { name: 'chat scroll, blank frames', goal: '0', limit: 0, value: blank, unit: 'frames', detail },
  ]
}

async function stream(page, browser) {
  await page.getByRole('button', { name: 'New chat' }).first().click()
  await choose(page, steady)
  const composer = page.getByRole('textbox', { name: 'Message' })
  // A demo model's context is short: each figure has an answer of its own.
  const begin = async () => {
    await composer.fill('Go')
    await composer.press('Enter')
    await page.getByRole('button', { name: /^Stop( |$)/ }).waitFor()
    await answer(page).getByText('A sentence with').first().waitFor()
    await wait(1000)
  }
  await begin()
  const readTasks = await watchTasks(page)
  const cdp = await browser.newBrowserCDPSession()
  const cpu = async () => {
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo')
    return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { cpuTime }) => sum + cpuTime, 0)
  }
  const length = async () => (await answer(page).innerText()).length
  const own = await page.context().newCDPSession(page)
  await own.send('Performance.enable')
  const parts = ['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration', 'TaskDuration']
  const profile = async () => {
    const { metrics } = await own.send('Performance.getMetrics')
    return parts.map((part) => metrics.find(({ name }) => name === part)?.value ?? 0)
  }
  const profileBefore = await profile()
  const [characters, cpuBefore, began] = [await length(), await cpu(), performance.now()]
  await wait(5000)
  const seconds = (performance.now() - began) / 1000
  const share = (((await cpu()) - cpuBefore) / seconds) * 100
  const spent = (await profile()).map((value, at) => (((value - profileBefore[at]) / seconds) * 100).toFixed(1))
  const came = ((await length()) - characters) / seconds
  await page.getByRole('button', { name: /^Stop( |$)/ }).click()
  await page.getByRole('button', { name: 'Send' }).waitFor()
  await begin()
  // From the key to the end of what the page does for it: React answers in a microtask of the `input` event, before a listener of the
  // window hears of it. A task of its own would wait for the next frame of the screen, which the browser puts first: told beside it.
  await page.evaluate(() => {
    window.benchKeys = []
    window.benchFrames = []
    addEventListener(
      'keydown',
      (event) => {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => window.benchFrames.push(performance.now() - event.timeStamp)
        const heard = () => {
          window.benchKeys.push(performance.now() - event.timeStamp)
          port2.postMessage(null)
        }
        addEventListener('input', heard, { once: true })
      },
      { capture: true },
    )
  })
  await composer.focus()
  for (let at = 0; at < 100; at += 1) await page.keyboard.press('abcdefgh '[at % 9], { delay: 30 })
  const { keys, toFrame } = await page.evaluate(() => ({ keys: window.benchKeys, toFrame: window.benchFrames }))
  if (keys.length < 90) throw new Error(`only ${keys.length} of 100 keys were heard`)
  const tasks = await readTasks()
  await page.getByRole('button', { name: /^Stop( |$)/ }).click()
  const detail = `an answer at ${TOKENS_PER_SECOND} tokens/s, ${came.toFixed(0)} shown characters/s`
  return [
    {
      name: 'chat typing while an answer comes, p95',
      goal: '< 16 ms',
      limit: 16,
      value: quantile(keys, 0.95),
      unit: 'ms',
      detail: `${detail}; median ${quantile(keys, 0.5).toFixed(1)} ms; with the wait for the next frame: median ${quantile(toFrame, 0.5).toFixed(1)} ms, p95 ${quantile(toFrame, 0.95).toFixed(1)} ms`,
    },
    {
      name: 'chat streaming, share of one core',
      goal: '< 30 %',
      limit: 30,
      value: share,
      unit: '%',
      detail: `${detail}; renderer, all threads; main thread: ${parts.map((part, at) => `${part} ${spent[at]} %`).join(', ')}`,
    },
    {
      name: 'chat streaming, longest task (holds every React commit)',
      goal: '≤ 50 ms',
      limit: 50,
      value: Math.max(0, ...tasks),
      unit: 'ms',
      detail: `${detail}; ${tasks.length} tasks over 50 ms`,
    },
  ]
}

async function heap(page) {
  await page.getByRole('button', { name: 'New chat' }).first().click()
  await choose(page, quick)
  const cdp = await page.context().newCDPSession(page)
  const measure = async () => {
    await cdp.send('HeapProfiler.collectGarbage')
    return (
      (await page.evaluate(() => ({ nodes: document.querySelectorAll('*').length }))) &&
      (await cdp.send('Runtime.getHeapUsage')).usedSize
    )
  }
  const composer = page.getByRole('textbox', { name: 'Message' })
  const exchange = async (at) => {
    await composer.fill(`Question number ${at}`)
    await composer.press('Enter')
    await page.getByText(`Question number ${at}`, { exact: true }).last().waitFor()
    await page.getByRole('button', { name: 'Send' }).waitFor()
  }
  for (let at = 0; at < WARM; at += 1) await exchange(at)
  const before = await measure()
  for (let at = WARM; at < EXCHANGES; at += 1) await exchange(at)
  const after = await measure()
  return [
    {
      name: 'chat heap, growth for each message',
      goal: '< 8 KB',
      limit: 8,
      value: (after - before) / 1000 / ((EXCHANGES - WARM) * 2),
      unit: 'KB',
      detail: `${(before / 1e6).toFixed(1)} MB after ${WARM * 2} messages, ${(after / 1e6).toFixed(1)} MB after ${EXCHANGES * 2}`,
    },
  ]
}

/** Models with a full cache: from the moment its list has come to the end of the frame that shows it. */
async function paintModels(bench) {
  const { page, close } = await openWindow(bench, { name: 'app-models', fill: (hub) => fillCache(hub, MODELS) })
  try {
    await page.addInitScript(() => {
      let dataAt = null
      window.benchPaint = null
      const real = window.fetch
      window.fetch = async (...request) => {
        const response = await real(...request)
        if (!response.url.endsWith('/rpc/models.list')) return response
        for (const way of ['json', 'text', 'arrayBuffer']) {
          const read = response[way].bind(response)
          response[way] = async () => {
            const data = await read()
            dataAt ??= performance.now()
            return data
          }
        }
        return response
      }
      new MutationObserver((_changes, observer) => {
        if (dataAt === null || document.querySelector('[role=row][data-key]') === null) return
        observer.disconnect()
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => (window.benchPaint = performance.now() - dataAt)
        requestAnimationFrame(() => port2.postMessage(null))
      }).observe(document, { childList: true, subtree: true })
    })
    const times = []
    for (let turn = 0; turn < OPENINGS; turn += 1) {
      await page.reload()
      times.push(await (await page.waitForFunction(() => window.benchPaint)).jsonValue())
    }
    const rows = await page.evaluate(() => document.querySelectorAll('[role=row][data-key]').length)
    return {
      name: 'first paint of Models, slowest',
      goal: '< 100 ms',
      limit: 100,
      value: Math.max(...times),
      unit: 'ms',
      detail: `${MODELS} models, ${rows} rows in the page; ${times.map((time) => time.toFixed(0)).join(', ')} ms after the data`,
    }
  } finally {
    await close()
  }
}

/** The page's own script and style and what they need at once, as a server that compresses sends them. */
function entrySize() {
  const folder = 'out/renderer'
  const html = readFileSync(join(folder, 'index.html'), 'utf8')
  const files = new Set([...html.matchAll(/(?:src|href)="\.?\/?([^"]+\.(?:js|css))"/g)].map(([, file]) => file))
  for (const file of files) {
    if (!file.endsWith('.js')) continue
    for (const [, next] of readFileSync(join(folder, file), 'utf8').matchAll(/(?:from|import)\s*"(\.\/[^"]+\.js)"/g))
      files.add(join(dirname(file), next))
  }
  const bytes = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(folder, file))).length, 0)
  return {
    name: 'renderer entry, gzip',
    goal: '< 450 KB',
    limit: 450,
    value: bytes / 1000,
    unit: 'KB',
    detail: `${files.size} files`,
  }
}

/** The chat of the window as people feel it. */
export async function measure(bench) {
  const { page, browser, close } = await openWindow(bench)
  try {
    await page.getByRole('navigation', { name: 'Sections' }).getByRole('button', { name: 'Chat' }).click()
    const results = [
      entrySize(),
      await paintModels(bench),
      ...(await scroll(page)),
      ...(await stream(page, browser)),
      ...(await heap(page)),
    ]
    return results
  } finally {
    await close()
  }
}
