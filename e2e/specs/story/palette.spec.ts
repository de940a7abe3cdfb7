import { violations } from '../../drivers/axe'
import { expect, test } from '../../drivers/test'
import { mainWindow } from '../../pages/main-window'

const HELLO = 'mlx-knife-demo/hello-fp32'

test(
  'the palette goes everywhere, and loads, chats, unloads and finds again by a few letters',
  { tag: '@both' },
  async ({ session, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    const field = page.getByRole('combobox', { name: 'Models, commands and conversations' })
    const options = page.getByRole('option')
    const chosen = page.getByRole('option', { selected: true })
    const open = async (typed: string): Promise<void> => {
      await page.keyboard.press('Control+k')
      await expect(field).toBeFocused()
      await page.keyboard.type(typed)
    }
    await window.startDemo()

    // Empty: what can be done, with its keys; Esc gives the focus back.
    await open('')
    await expect(options.first()).toContainText('Go to Models')
    await expect(options.first()).toContainText(session.app === null ? 'Alt+1' : 'Ctrl+1')
    await page.keyboard.press('Escape')
    await expect(window.composer).toBeFocused()

    await open('load hello')
    await expect(chosen).toContainText('Load hello-fp32')
    await expect(field).toHaveAttribute('aria-activedescendant', (await chosen.getAttribute('id')) ?? '')
    await page.keyboard.press('Enter')
    await expect(field).toBeHidden()
    await expect(window.serverFoot).toContainText('1 loaded')

    // Letters with others between them; ⌘↩ chats.
    await open('hfp32')
    await expect(chosen).toContainText('Unload hello-fp32')
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
      expect(await violations(page)).toEqual([])
      await shoot(`palette-${scheme}`)
    }
    await page.keyboard.press('Control+Enter')
    await expect(window.composer).toBeFocused()
    await expect(page.getByRole('combobox', { name: 'Model: hello-fp32' })).toBeVisible()
    await page.keyboard.type('Tell me about semaphores')
    await page.keyboard.press('Enter')
    await expect(window.answer).toContainText('Have fun!')

    // Another chat, and the first one again by its words.
    await open('new chat')
    await page.keyboard.press('Enter')
    await expect(window.composer).toBeFocused()
    await expect(window.answer).toHaveCount(0)
    await open('semaphores')
    await expect(chosen).toContainText('semaphores')
    await page.keyboard.press('Enter')
    await expect(window.answer).toContainText('Have fun!')

    await open('hello')
    const show = page.getByRole('option', { name: 'Show hello-fp32' })
    while ((await show.getAttribute('aria-selected')) !== 'true') await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect(window.detail(HELLO)).toBeVisible()

    // Commands alone, settings and colours among them.
    await open('>set down')
    await expect(chosen).toContainText('Settings: Downloads')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('textbox', { name: 'Connections' })).toBeVisible()
    await open('>colours dark')
    await page.keyboard.press('Enter')
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')

    await open('stop server')
    await page.keyboard.press('Enter')
    await expect(window.serverFoot).toHaveAccessibleName(/^Server stopped|^Stopped/)
    await open('start server')
    await page.keyboard.press('Enter')
    await expect(window.serverFoot).toHaveAccessibleName(/ready:\d+/)

    // What is nowhere here is looked for in the Hub; a full name is fetched.
    await open('zzz/nothing-here')
    await expect(options).toHaveCount(2)
    await expect(options.first()).toContainText('Download zzz/nothing-here')
    await page.keyboard.press('Escape')
    await open('>zzzz')
    await expect(page.getByText('Nothing matches')).toBeVisible()
    await page.keyboard.press('Control+k')
    await expect(field).toBeHidden()

    await open('unload hello')
    await page.keyboard.press('Enter')
    await expect(window.serverFoot).toContainText('Nothing loaded')
  },
)

test('the palette speaks German, and fits a small window', { tag: '@web' }, async ({ session, shoot }) => {
  const { page } = session
  await expect(mainWindow(page).tryDemo).toBeVisible()
  await page.keyboard.press('Alt+1')
  await page.keyboard.press('Control+Comma')
  await page.getByRole('radio', { name: 'Deutsch' }).click()
  await session.resize(900, 600)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('server')
  await expect(page.getByRole('option', { name: 'Server anhalten' })).toBeVisible()
  await shoot('palette-german-900x600')
  expect(await violations(page)).toEqual([])
})
