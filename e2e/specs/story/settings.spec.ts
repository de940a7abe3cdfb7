import { AxeBuilder } from '@axe-core/playwright'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '../../drivers/test'
import { mainWindow } from '../../pages/main-window'

// The owner's refusal of a value is a 400.
test.use({ engine: 'missing', expectedErrors: /400/ })

test(
  'a window changes its language and colours at once, in every window, and after a reload',
  { tag: '@web' },
  async ({ session, home, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    await expect(window.tryDemo).toBeVisible()
    await page.keyboard.press('Control+Comma')
    await expect(page.getByRole('heading', { name: 'Settings', level: 1 })).toBeVisible()
    await shoot('settings-light')
    await page.getByRole('radiogroup', { name: 'Language' }).getByRole('radio', { name: 'Deutsch' }).click()
    await expect(page.getByRole('heading', { name: 'Einstellungen', level: 1 })).toBeVisible()
    await expect(page.locator('html')).toHaveAttribute('lang', 'de')
    await page.getByRole('radiogroup', { name: 'Farben' }).getByRole('radio', { name: 'Dunkel' }).click()
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    expect(JSON.parse(readFileSync(join(home.data, 'settings.json'), 'utf8'))).toMatchObject({
      appearance: { theme: 'dark', language: 'de' },
    })
    await shoot('settings-german-dark')
    await page.reload()
    await expect(page.getByRole('navigation', { name: 'Bereiche' })).toBeVisible()
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    await page.getByRole('navigation', { name: 'Bereiche' }).getByRole('button', { name: 'Server' }).click()
    await expect(page.getByText('Noch keine Anfragen')).toBeVisible()
    await shoot('server-german-dark')
  },
)

test('a setting is written, refused with a reason, and put back', { tag: '@web' }, async ({ session, home }) => {
  const { page } = session
  const window = mainWindow(page)
  await expect(window.tryDemo).toBeVisible()
  await window.go('Settings')
  const go = (name: string) => page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name }).click()
  const saved = () => JSON.parse(readFileSync(join(home.data, 'settings.json'), 'utf8')) as Record<string, Record<string, unknown>>
  await go('Downloads')
  const connections = page.getByRole('textbox', { name: 'Connections' })
  await connections.fill('4')
  await connections.press('Enter')
  await expect(page.getByRole('button', { name: 'Connections: back to default' })).toBeVisible()
  expect(saved()['downloads']).toMatchObject({ connections: 4 })
  await connections.fill('400')
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(page.getByRole('alert')).toContainText('1 to 16')
  await page.getByRole('button', { name: 'Connections: back to default' }).click()
  await expect(connections).toHaveValue('8')
  await go('Models')
  await expect(page.getByText('chosen by the variable HF_HOME')).toBeVisible()
  await page.getByRole('textbox', { name: 'More cache folders' }).fill('/nowhere/one\n/nowhere/two')
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect.poll(() => saved()['cache']).toMatchObject({ extra_roots: ['/nowhere/one', '/nowhere/two'] })
  await expect(page.getByText('added below').first()).toBeVisible()
  await page.getByRole('switch', { name: 'Built-in demo models' }).click()
  await expect(page.getByText('Built-in demo', { exact: true })).toBeVisible()
})

test('says where everything lies, which keys there are and what is in it', { tag: '@web' }, async ({ session, home }) => {
  const { page } = session
  const window = mainWindow(page)
  await expect(window.tryDemo).toBeVisible()
  await window.go('Settings')
  const go = (name: string) => page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name }).click()
  await go('Privacy')
  await expect(page.getByText(join(home.data, 'chat.db'))).toBeVisible()
  await expect(page.getByText(home.data, { exact: true })).toBeVisible()
  await go('Shortcuts')
  await expect(page.getByText('Copy base URL')).toBeVisible()
  await go('About')
  await expect(page.getByText('Apache License 2.0')).toBeVisible()
  await expect(page.getByText('zustand')).toBeVisible()
  await go('Engine')
  await expect(page.getByText('Not installed', { exact: true })).toBeVisible()
  await go('Server')
  await page.getByRole('button', { name: 'Open Server' }).click()
  await expect(page.getByRole('heading', { name: 'Server', level: 1 })).toBeVisible()
})

test(
  'no section of the settings has a barrier, in both languages, light and dark, large and small',
  { tag: '@web' },
  async ({ session, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    await expect(window.tryDemo).toBeVisible()
    await window.go('Settings')
    const sections = page.getByRole('navigation', { name: /^(Settings|Einstellungen)$/ }).getByRole('button')
    for (const [colorScheme, language] of [
      ['light', 'Deutsch'],
      ['dark', 'English'],
    ] as const) {
      await page.emulateMedia({ colorScheme })
      await sections.first().click()
      await page.getByRole('radio', { name: language }).click()
      await session.resize(colorScheme === 'light' ? 1280 : 900, colorScheme === 'light' ? 800 : 600)
      const count = await sections.count()
      expect(count).toBe(8)
      for (let index = 0; index < count; index++) {
        await sections.nth(index).click()
        const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= globalThis.innerWidth)).toBe(true)
        await shoot(`settings-${index}-${colorScheme}`)
      }
    }
  },
)
