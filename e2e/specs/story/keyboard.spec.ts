import type { Locator, Page } from '@playwright/test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeScriptedModel } from '../../../src/main/core/demo'
import { expect, test } from '../../drivers/test'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { repoPath } from '../../fixtures/cache'
import { mainWindow } from '../../pages/main-window'

const NAME = 'mlx-community/Tireless-Storyteller-4bit'
const SHORT = 'Tireless-Storyteller-4bit'

let hub: FakeHub | null = null
test.beforeEach(async ({ home }) => {
  // A real model that the engine can run, offered by a hub.
  const { snapshotPath } = await writeScriptedModel(join(home.folder, 'elsewhere'), {
    name: NAME,
    script: 'Once upon a time',
    loop: [' there', ' was', ' more', ' to', ' tell', ','],
  })
  const files = Object.fromEntries(
    readdirSync(snapshotPath).map((file): [string, Buffer] => [file, readFileSync(join(snapshotPath, file))]),
  )
  hub = await startFakeHub({ repos: [{ id: NAME, files, tags: ['mlx', 'conversational'], downloads: 10, likes: 1 }] })
  home.env['HF_ENDPOINT'] = hub.url
})
test.afterEach(() => hub?.close())

/** Walks with Tab, as a hand does, until something has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible()
  for (let steps = 0; steps < 60; steps++) {
    if (await target.evaluate((element) => element === document.activeElement)) break
    await page.keyboard.press('Tab')
  }
  await expect(target).toBeFocused()
}

/** Counts what only a hand at a mouse brings about. */
const watchPointer = (page: Page) =>
  page.evaluate(() => {
    const seen: string[] = []
    Object.assign(globalThis, { seenPointers: seen })
    for (const type of ['pointerdown', 'mousedown', 'touchstart'])
      addEventListener(type, (event) => (event.isTrusted ? seen.push(type) : undefined), { capture: true })
  })

test(
  'without a mouse: a model is found, fetched, loaded, asked, stopped, unloaded and removed',
  { tag: '@both' },
  async ({ session, home }) => {
    const { page } = session
    const window = mainWindow(page)
    const { keyboard } = page
    const go = (digit: number): Promise<void> => keyboard.press(session.app === null ? `Alt+${digit}` : `Control+${digit}`)
    const load = session.app === null ? 'Alt+l' : 'Control+l'
    const has = (): boolean => existsSync(repoPath(join(home.folder, 'hf', 'hub'), NAME))
    await expect(window.tryDemo).toBeVisible()
    await watchPointer(page)

    // Found: from the palette into the Hub, from the words to the model, from the model to its button.
    await keyboard.press('Control+k')
    await keyboard.type('storyteller')
    await expect(page.getByRole('option', { name: 'Search the Hub for “storyteller”' })).toHaveAttribute('aria-selected', 'true')
    await keyboard.press('Enter')
    const search = page.getByRole('searchbox', { name: 'Search the Hub' })
    await expect(search).toBeFocused()
    await expect(search).toHaveValue('storyteller')
    const results = page.getByRole('list', { name: 'Models of the Hub' })
    await expect(results.getByRole('listitem')).toHaveCount(1)
    await keyboard.press('ArrowDown')
    await keyboard.press('Enter')
    await keyboard.press('F6')
    await tabTo(page, page.getByRole('button', { name: /^Download \d/ }))
    await keyboard.press('Enter')

    // Fetched: with its health.
    await go(3)
    await expect(page.getByRole('region', { name: 'Ended' })).toContainText('Healthy, every hash checked')
    expect(has()).toBe(true)

    // Loaded: in the table by its first letters.
    await go(1)
    const row = page.getByRole('row').filter({ hasText: SHORT })
    await tabTo(page, row)
    await keyboard.type('ti')
    await expect(window.detail(NAME)).toBeVisible()
    await keyboard.press(load)
    await expect(window.serverFoot).toContainText('1 loaded')

    // Asked and stopped: what was said stays, and the field has the focus again.
    await keyboard.press('Control+Enter')
    await expect(window.composer).toBeFocused()
    await keyboard.type('Tell me a story')
    await keyboard.press('Enter')
    await expect(window.answer).toContainText('there was more to tell, there was')
    await keyboard.press('Escape')
    await expect(window.answer).toContainText('Stopped by you.')
    await expect(window.composer).toBeFocused()

    // Unloaded and removed, after the plan.
    await go(1)
    await tabTo(page, row)
    await keyboard.press(load)
    await expect(window.serverFoot).toContainText('Nothing loaded')
    await tabTo(page, row)
    await keyboard.press('Control+Backspace')
    const sheet = page.getByRole('alertdialog', { name: `Remove ${SHORT} from the cache?` })
    await expect(sheet).toBeVisible()
    await tabTo(page, sheet.getByRole('button', { name: /^Remove, free/ }))
    await keyboard.press('Enter')
    await expect(page.getByRole('region', { name: 'Notes' }).getByText(`Removed ${SHORT}`)).toBeVisible()
    await expect(row).toHaveCount(0)
    expect(has()).toBe(false)
    expect(await page.evaluate(() => (globalThis as unknown as { seenPointers: string[] }).seenPointers)).toEqual([])
  },
)
