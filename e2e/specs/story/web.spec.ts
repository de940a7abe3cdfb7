import { startDaemon } from '../../drivers/web'
import { expect, test } from '../../drivers/test'
import { mainWindow } from '../../pages/main-window'

test.describe('a page without a right to be there', () => {
  test.use({ expectedErrors: /401/, engine: 'missing' })

  test('says that its link is used up, and how to get another', { tag: '@web' }, async ({ session }) => {
    const { page } = session
    const { origin } = new URL(page.url())
    // Only a page that has traded its own code for a token can lose that token.
    await expect(mainWindow(page).tryDemo).toBeVisible()
    await page.evaluate(() => sessionStorage.clear())
    await page.goto('about:blank')
    await page.goto(`${origin}/#code=not-a-code`)
    await expect(page.getByRole('heading', { name: 'This page has no access' })).toBeVisible()
    await expect(page.getByText('mlxk ui')).toBeVisible()
    await page.evaluate(() => sessionStorage.setItem('mlxk.token', 'a'.repeat(43)))
    await page.reload()
    await expect(page.getByRole('heading', { name: 'This page has no access' })).toBeVisible()
  })

  test('the code leaves the address at once', { tag: '@web' }, async ({ session }) => {
    await expect(mainWindow(session.page).tryDemo).toBeVisible()
    expect(session.page.url()).not.toContain('code')
  })
})

test.describe('a page whose daemon starts anew', () => {
  test.use({
    expectedErrors: /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)|503/,
    engine: 'missing',
  })

  test('says that nobody answers, keeps what was typed, and finds the new one', { tag: '@web' }, async ({ session, home }) => {
    const { page } = session
    const window = mainWindow(page)
    await expect(window.tryDemo).toBeVisible()
    await window.go('Chat')
    await window.composer.fill('half a sentence')
    process.kill(session.pid, 'SIGTERM')
    await expect(page.getByText('MLX Knife is not answering.')).toBeVisible()
    const next = await startDaemon(home)
    await expect(page.getByText('MLX Knife is not answering.')).toBeHidden()
    await expect(window.composer).toHaveValue('half a sentence')
    await next.stop()
  })
})
