import type { Page } from '@playwright/test'
import { mlxk } from '../../drivers/cli'
import { expect, test } from '../../drivers/test'
import { SIZE } from '../../drivers/types'
import { mainWindow } from '../../pages/main-window'

const HELLO = 'mlx-knife-demo/hello-fp32'

// A window that asks for a conversation in the moment in which all go is refused, and asks again.
test.use({ expectedErrors: /status of (404|409)/ })

test(
  'two windows agree on models, settings, requests and conversations, also after everything was deleted',
  { tag: '@web' },
  async ({ session, home, browserOfWeb }) => {
    if (browserOfWeb === null) return
    const { page } = session
    const window = mainWindow(page)
    await window.startDemo()
    const { stdout } = await mlxk(['ui', '--no-open', '--json'], { env: home.env })
    const { data } = JSON.parse(stdout) as { data: { url: string } }
    // A browser of its own: pages behind another one are slow.
    const context = await browserOfWeb.newContext({ viewport: SIZE })
    const other = await context.newPage()
    await other.goto(data.url)
    const second = mainWindow(other)
    await expect(second.serverFoot).toContainText('Nothing loaded')

    // What is said in one is in the lists of the other.
    await second.go('Server')
    await expect(other.getByText('No requests yet')).toBeVisible()
    await window.chooseModel('hello-fp32')
    await window.ask('an unusual question')
    await expect(window.answer).toContainText('Have fun!')
    await expect(second.serverFoot).toContainText('1 loaded')
    const requests = (of: Page) => of.getByRole('row').filter({ hasText: 'hello-fp32' })
    await expect(requests(other)).toHaveCount(1)
    await second.go('Models')
    await second.row('hello-fp32').click()
    await second.detail(HELLO).getByRole('button', { name: 'Unload' }).click()
    await expect(window.serverFoot).toContainText('Nothing loaded')

    await second.go('Server')
    await expect(requests(other)).toHaveCount(1)
    await window.go('Settings')
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Appearance' }).click()
    await page.getByRole('radio', { name: 'Dark' }).click()
    await expect(other.locator('html')).toHaveAttribute('data-theme', 'dark')

    await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Privacy' }).click()
    await page.getByRole('button', { name: 'Delete all…' }).click()
    const sheet = page.getByRole('alertdialog')
    await sheet.getByRole('textbox').fill('delete')
    await sheet.getByRole('button', { name: /^Delete all, / }).click()
    await expect(page.getByRole('region', { name: 'Notes' }).getByText(/Everything about you was deleted/)).toBeVisible()
    await expect(other.getByText('No requests yet')).toBeVisible()
    await expect(requests(other)).toHaveCount(0)
    await expect(other.locator('html')).not.toHaveAttribute('data-theme', 'dark')
    await second.go('Chat')
    await expect(other.getByText('an unusual question')).toHaveCount(0)
    await context.close()
  },
)
