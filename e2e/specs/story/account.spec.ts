import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { spawnSync } from 'node:child_process'
import { expect, test } from '../../drivers/test'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { healthyFiles } from '../../fixtures/cache'
import { mainWindow } from '../../pages/main-window'

const token = 'hf_abcdefghijklmnopqrstuvwxyz'
const gated = 'google/gemma-3-4b-it'

async function violations(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page }).setLegacyMode(true).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  return found.violations.map((entry) => `${entry.id}: ${entry.nodes[0]?.html ?? ''}`)
}

test.use({ engine: 'missing', expectedErrors: /status of (400|403)/ })
let hub: FakeHub
test.beforeEach(async ({ home }) => {
  hub = await startFakeHub({
    tokens: { [token]: 'ada' },
    repos: [{ id: gated, files: healthyFiles(), gated: 'manual', readers: ['ada'], downloads: 1 }],
  })
  home.env['HF_ENDPOINT'] = hub.url
})
test.afterEach(() => hub.close())

test(
  'whoever is refused a model signs in from there, gets it, and signs out again',
  { tag: '@both' },
  async ({ session, home, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.go('Discover')
    const detail = page.getByRole('region', { name: `Details of ${gated}` })
    await page.getByRole('list', { name: 'Models of the Hub' }).getByRole('button', { name: gated }).first().click()
    await shoot('account-refused')
    await detail.getByRole('button', { name: 'Sign in…' }).click()

    const account = page.getByRole('region', { name: 'Hugging Face account' })
    await expect(account.getByText('Not signed in')).toBeVisible()
    await shoot('account-none')
    expect(await violations(page)).toEqual([])
    const field = account.getByLabel('Token', { exact: true })
    await expect(field).toHaveAttribute('type', 'password')
    await field.fill('hf_unknownunknownunknown')
    await field.press('Enter')
    await expect(account.getByText(/does not accept this token/)).toBeVisible()
    await expect(account.getByText('Not signed in')).toBeVisible()
    await shoot('account-wrong')

    await field.fill(`  ${token} `)
    await account.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(account.getByText('Signed in as ada')).toBeVisible()
    await expect(account.getByText(/only you can read/)).toBeVisible()
    await expect(field).toBeHidden()
    await page.emulateMedia({ colorScheme: 'dark' })
    await shoot('account-dark')
    expect(await violations(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'light' })

    await window.go('Discover')
    await detail.getByRole('button', { name: 'Try again' }).click()
    await detail.getByRole('button', { name: /^Download/ }).click()
    await window.go('Downloads')
    await expect(page.getByText(/verified|Complete|Healthy/i).first()).toBeVisible()

    // It is where it is kept, and nowhere else: no page, no log, no journal.
    expect(await page.content()).not.toContain(token)
    const holders = spawnSync('grep', ['-rlaF', token, home.folder], { encoding: 'utf8' }).stdout.trim().split('\n')
    expect(holders.map((file) => file.split('/').at(-1))).toEqual(['secrets.json'])

    await window.go('Settings')
    await account.getByRole('button', { name: 'Sign out' }).click()
    await expect(account.getByText('Not signed in')).toBeVisible()
    expect(spawnSync('grep', ['-rlaF', token, home.folder], { encoding: 'utf8' }).stdout).toBe('')
  },
)

test.describe('with HF_TOKEN set', () => {
  test.beforeEach(({ home }) => {
    home.env['HF_TOKEN'] = token
  })

  test('the account says that the variable decides, and offers no other way in', { tag: '@web' }, async ({ session, shoot }) => {
    const { page } = session
    await mainWindow(page).go('Settings')
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Downloads' }).click()
    const account = page.getByRole('region', { name: 'Hugging Face account' })
    await expect(account.getByText('Signed in as ada')).toBeVisible()
    await expect(account.getByText(/variable HF_TOKEN/)).toBeVisible()
    await expect(account.getByLabel('Token', { exact: true })).toBeHidden()
    await expect(account.getByRole('button', { name: 'Sign out' })).toBeHidden()
    await shoot('account-environment')
  })
})
