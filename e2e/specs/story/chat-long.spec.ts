import { AxeBuilder } from '@axe-core/playwright'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { mlxk } from '../../drivers/cli'
import { expect, test as base } from '../../drivers/test'
import { writeFakePython, writeFaultyModel } from '../../fakes/engine'
import { mainWindow } from '../../pages/main-window'

const ANSWER = `A \`.safetensors\` file starts with **eight bytes** that hold the length of a JSON header.

1. Read the length.

2. Read the header, and take the largest end: \\(e = \\max_i e_i\\).

| Part | Bytes |
|---|---|
| length | 8 |
| header | n |

The size must then be

$$
s = 8 + n + e
$$

\`\`\`python
import json, os, struct

def missing_bytes(path: str) -> int:
    """0 when the file is whole, else how many bytes are missing."""
    size = os.path.getsize(path)
    return max(0, 8 - size)
\`\`\`

That is all there is to it, and it costs less than $5 or $10. Go on with [the format][1].

[1]: https://example.org/format
`

/** An engine that says what a test wants, word by word. */
const test = base.extend({
  home: async ({ home }, use) => {
    const hub = join(home.folder, 'hf', 'hub')
    mkdirSync(hub, { recursive: true })
    await writeFaultyModel(hub, 'org/markdown', { say: ANSWER, token_ms: 12 })
    await writeFaultyModel(hub, 'org/sheep', { say: 'One sheep. Two sheep. Many sheep.', token_ms: 20, endless: true })
    await writeFaultyModel(hub, 'org/wide', { say: `${'x'.repeat(1_000_000)} end` })
    home.env['MLXK_PYTHON'] = writeFakePython(join(home.folder, 'python'))
    await use(home)
  },
})
test.use({ engine: 'missing' })

const thread = (page: Page) => page.getByRole('region', { name: 'Conversation', exact: true })

test(
  'what is finished of an answer stays as it is while the rest comes: same elements, nothing moves',
  { tag: '@web' },
  async ({ session, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.go('Chat')
    await window.chooseModel('markdown')
    // What draws code and formulas is fetched with the first answer of a window.
    await window.ask('And now for something')
    await expect(window.answer).toContainText(/\d+ tokens/)
    await expect(window.answer.locator('.katex')).toHaveCount(2)
    await page.getByRole('button', { name: 'New chat' }).first().click()
    await expect(window.answer).toBeHidden()
    await window.ask('How does a program notice that a file was cut off?')
    const first = window.answer.locator('.prose > p').first()
    await expect(window.answer.locator('.prose > ol')).toBeVisible()
    await page.evaluate(() => {
      const marked = window as unknown as { first: Element | null; shift: number }
      marked.first = document.querySelector('article .prose > p')
      marked.shift = 0
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { value, sources } = entry as unknown as { value: number; sources: { node: Node | null | undefined }[] }
          const isFinished = (node: Node | null | undefined): boolean => {
            // The caret is no element, and to move is all it does.
            if (!(node instanceof Node)) return false
            const element = node instanceof Element ? node : node.parentElement
            const block = element?.closest('.growing .prose > *')
            if (block == null) return true
            // The last block grows, and the one before it may turn out to go on.
            return [...(block.parentElement?.children ?? [])].indexOf(block) < (block.parentElement?.children.length ?? 0) - 2
          }
          if (sources.some(({ node }) => isFinished(node))) marked.shift += value
        }
      }).observe({ type: 'layout-shift', buffered: false })
    })
    await expect(window.answer).toContainText('missing_bytes')
    await shoot('chat-streaming-light')
    await expect(window.answer).toContainText(/\d+ tokens/)
    await expect(first).toContainText('eight bytes')
    const { same, shift } = await page.evaluate(() => {
      const marked = window as unknown as { first: Element | null; shift: number }
      return {
        same: marked.first?.isConnected === true && marked.first === document.querySelector('article .prose > p'),
        shift: marked.shift,
      }
    })
    expect(same).toBe(true)
    expect(shift).toBe(0)
    await expect(window.answer.locator('.katex')).toHaveCount(2)
    await expect(window.answer.locator('.hljs-keyword').first()).toBeVisible()
    await expect(window.answer.getByRole('link', { name: 'the format' })).toHaveAttribute('href', 'https://example.org/format')
    await expect(window.answer).toContainText('less than $5 or $10')
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme })
      await shoot(`chat-markdown-${scheme}`)
    }
    // Whoever reads the end still does when the window gets smaller.
    const figures = window.answer.getByText(/\d+ tokens/)
    await expect(figures).toBeInViewport({ ratio: 1 })
    await session.resize(900, 420)
    await expect(figures).toBeInViewport({ ratio: 1 })
  },
)

test('an answer of a megabyte in one line is shown, and the page goes on', { tag: '@web' }, async ({ session }) => {
  const { page } = session
  const window = mainWindow(page)
  await window.go('Chat')
  await window.chooseModel('wide')
  await window.ask('Go')
  await expect(window.answer).toContainText(/\d+ tokens/)
  await window.composer.fill('still here')
  await expect(window.composer).toHaveValue('still here')
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
})

test(
  'ten thousand messages scroll from the last to the first, and no frame is blank',
  { tag: '@web' },
  async ({ session }, info) => {
    test.setTimeout(120_000)
    const { page } = session
    const window = mainWindow(page)
    await window.go('Chat')
    const messages = Array.from({ length: 10_000 }, (_, at) => ({
      id: `m${at}`,
      parent_id: at === 0 ? null : `m${at - 1}`,
      role: at % 2 === 0 ? 'user' : 'assistant',
      content:
        at % 2 === 0 ? `Question ${at}?` : `Answer ${at}. ${'Some words of it, **bold** and `code`. '.repeat(1 + (at % 13))}`,
      created_at: '2026-01-01T00:00:00Z',
      state: 'complete',
    }))
    const chats = [{ title: 'Long', created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z', messages }]
    const file = { format: 'mlx-knife-chats', version: 1, exported_at: '2026-01-01T00:00:00Z', chats }
    const buffer = Buffer.from(JSON.stringify(file))
    await page.getByTestId('import').setInputFiles({ name: 'long.json', mimeType: 'application/json', buffer })
    await page.getByRole('region', { name: 'Conversations' }).getByRole('button', { name: /^Long/ }).click()
    await expect(thread(page)).toContainText('Answer 9999.')
    const seen = await thread(page).evaluate(async (scroller) => {
      const tasks: number[] = []
      const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
      observer.observe({ type: 'longtask' })
      const frame = () => new Promise<void>((done) => requestAnimationFrame(() => done()))
      let blank = 0
      let frames = 0
      let most = 0
      let still = 0
      let before = ''
      while (still < 60) {
        scroller.scrollTop -= 2_500
        await frame()
        const box = scroller.getBoundingClientRect()
        const rows = [...scroller.querySelectorAll('[data-index]')]
        const covered = rows.reduce((sum, row) => {
          const { top, bottom } = row.getBoundingClientRect()
          return sum + Math.max(0, Math.min(bottom, box.bottom) - Math.max(top, box.top))
        }, 0)
        frames += 1
        if (covered < box.height / 2) blank += 1
        most = Math.max(most, rows.length)
        const now = rows.find((row) => row.getBoundingClientRect().bottom > box.top)?.textContent?.slice(0, 40) ?? ''
        still = now === before && scroller.scrollTop === 0 ? still + 1 : 0
        before = now
      }
      observer.disconnect()
      return { blank, frames, most, text: before, longest: Math.max(0, ...tasks), over100: tasks.filter((ms) => ms > 100).length }
    })
    info.annotations.push({ type: 'scroll', description: JSON.stringify(seen) })
    console.log(`scroll: ${JSON.stringify(seen)}`)
    expect(seen.text).toContain('Question 0?')
    expect(seen.blank).toBe(0)
    // Only what is near the screen is in the page.
    expect(seen.most).toBeLessThan(80)
  },
)

test(
  'the chat in use is free of known barriers: list, versions, menus, parameters, files, in light and dark',
  { tag: '@web' },
  async ({ session, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.go('Chat')
    await window.chooseModel('markdown')
    await page.getByTestId('attach').setInputFiles({ name: 'notes.md', mimeType: 'text/markdown', buffer: Buffer.from('zucchini') })
    await window.ask('Read this')
    await expect(window.answer).toContainText(/\d+ tokens/)
    await window.answer.getByRole('button', { name: 'Answer again', exact: true }).click()
    await expect(page.getByText('2/2')).toBeVisible()
    await expect(window.answer).toContainText(/\d+ tokens/)
    const check = async (where: string): Promise<void> => {
      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
        const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
        expect(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`),
          `${where}, ${scheme}`,
        ).toEqual([])
        await shoot(`chat-${where}-${scheme}`)
      }
    }
    await check('used')
    await page.getByRole('button', { name: 'Actions for Read this' }).click()
    await check('row-menu')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Parameters' }).click()
    await check('parameters')
    await page.keyboard.press('Escape')
    await session.resize(900, 600)
    await page.getByRole('button', { name: 'Show conversations' }).click()
    await expect(page.getByRole('dialog', { name: 'Conversations' })).toBeVisible()
    await check('list-900x600')
  },
)

test(
  'a page that is closed in the middle of an answer finds it going on when it comes back, and can stop it',
  { tag: '@web' },
  async ({ session }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.go('Chat')
    await window.chooseModel('sheep')
    await window.ask('How many sheep?')
    await expect(window.answer).toContainText('Many sheep.')
    const before = (await window.answer.innerText()).length
    await page.reload()
    await window.go('Chat')
    await expect.poll(async () => (await window.answer.innerText()).length).toBeGreaterThan(before + 100)
    await window.stop.click()
    await expect(window.answer).toContainText('Stopped by you.')
    await expect(window.stop).toBeHidden()
  },
)

test('two windows show the same: a question asked in one is answered in both', { tag: '@web' }, async ({ session, home }) => {
  const { page } = session
  const first = mainWindow(page)
  await first.go('Chat')
  await first.chooseModel('markdown')
  await first.ask('For both of us')
  await expect(first.answer).toContainText('eight bytes')
  // A second link of the same owner.
  const other = await page.context().newPage()
  const { data } = JSON.parse((await mlxk(['ui', '--no-open', '--json'], { env: home.env })).stdout) as { data: { url: string } }
  await other.goto(data.url)
  const second = mainWindow(other)
  await second.go('Chat')
  await other
    .getByRole('region', { name: 'Conversations' })
    .getByRole('button', { name: /^For both of us/ })
    .click()
  await expect(second.answer).toContainText(/\d+ tokens/)
  await expect(first.answer).toContainText(/\d+ tokens/)
  await second.ask('And again')
  await expect(thread(page)).toContainText('And again')
  await expect(first.answer).toContainText(/\d+ tokens/)
  await other.close()
})
