import { AxeBuilder } from '@axe-core/playwright'
import { expect, test } from '../../drivers/test'
import { mainWindow } from '../../pages/main-window'

const HELLO = 'mlx-knife-demo/hello-fp32'

test(
  'whoever runs the server sees each request, what it cost and what the log says',
  { tag: '@web' },
  async ({ session, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.startDemo()
    await window.go('Server')
    await expect(page.getByText('No requests yet')).toBeVisible()
    const url = await page
      .getByText(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
      .first()
      .textContent()
    const ask = (model: string, secret: string) =>
      fetch(`${url}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'Zed/1.0' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: secret }] }),
      })
    const answer = await ask(HELLO, 'a very private question')
    expect(answer.status).toBe(200)
    expect((await ask('nobody/nothing', 'a very private question')).status).toBe(404)
    const requests = page.getByRole('grid', { name: 'Requests' })
    const done = requests.getByRole('row').filter({ hasText: 'Done' })
    await expect(done).toContainText('Zed')
    await expect(done).toContainText(/\d+ tokens read, \d+ tokens answered/)
    await expect(requests.getByRole('row').filter({ hasText: '404' })).toContainText('This model is not in the cache')
    await expect(page.getByText('2 since the start')).toBeVisible()
    await done.click()
    const pane = page.getByRole('complementary', { name: 'Details' })
    await expect(pane).toContainText('/v1/chat/completions')
    await expect(pane).toContainText(answer.headers.get('x-request-id') ?? 'no id')
    await expect(page.getByRole('region', { name: 'Loaded' })).toContainText('hello-fp32')
    await expect(page.getByRole('img', { name: /Tokens per second over ten minutes/ })).toBeVisible()
    const log = page.getByRole('region', { name: 'Lines of the log' })
    await expect(log).toContainText('path=/v1/chat/completions')
    await page.getByRole('searchbox', { name: 'Search log' }).fill('nothing has this')
    await expect(log).toContainText('Nothing matches.')
    await page.getByRole('searchbox', { name: 'Search log' }).fill('')
    expect(await page.locator('body').innerText()).not.toContain('private')
    await shoot('server-light')
    await page.getByRole('button', { name: 'Unload hello-fp32' }).click()
    await expect(page.getByText('No model is loaded.')).toBeVisible()
  },
)

test('the server stops and starts, and its address and examples are ready to copy', { tag: '@web' }, async ({ session }) => {
  const { page } = session
  const window = mainWindow(page)
  await window.startDemo()
  await page.keyboard.press('Alt+6')
  await expect(page.getByRole('heading', { name: 'Server', level: 1 })).toBeVisible()
  const pane = page.getByRole('complementary', { name: 'Details' })
  await expect(pane.locator('pre')).toContainText('/v1/chat/completions')
  await expect(pane.locator('pre')).toContainText('mlx-knife-demo/')
  for (const name of ['Python', 'Node', 'LangChain', 'Continue', 'Zed', 'Open WebUI']) {
    await pane.getByLabel('Example for').selectOption({ label: name })
    await expect(pane.locator('pre')).toContainText(/http:\/\/127\.0\.0\.1:\d+\/v1/)
  }
  await pane.getByRole('button', { name: 'Copy example' }).click()
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('OPENAI_API_BASE_URL')
  await page.getByRole('button', { name: 'Stop server' }).click()
  await expect(page.getByText('Programs cannot reach the API while it is stopped.').first()).toBeVisible()
  await page.getByRole('button', { name: 'Start server' }).first().click()
  await expect(page.getByText('Base URL').first()).toBeVisible()
})

test('opening the API to networks is asked for, and makes the key that it needs', { tag: '@web' }, async ({ session, shoot }) => {
  const { page } = session
  const window = mainWindow(page)
  await window.startDemo()
  await window.go('Server')
  const pane = page.getByRole('complementary', { name: 'Details' })
  await pane.getByRole('radio', { name: 'Access' }).click()
  await pane.getByRole('radio', { name: /Other computers/ }).click()
  const question = page.getByRole('alertdialog', { name: 'Let other computers reach the API?' })
  await expect(question).toContainText('without encryption')
  await expect(question.getByRole('button', { name: 'Keep it to this computer' })).toBeFocused()
  await shoot('server-expose-light')
  await page.keyboard.press('Escape')
  await expect(question).toBeHidden()
  await expect(pane.getByRole('radio', { name: /This computer only/ })).toBeChecked()
  await pane.getByRole('radio', { name: /Other computers/ }).click()
  await question.getByRole('button', { name: 'Open to networks' }).click()
  await expect(page.getByRole('button', { name: 'Open to your networks' })).toBeVisible()
  const key = (await pane.getByTestId('new-key').textContent()) ?? ''
  expect(key).toMatch(/^mlxk-/)
  await shoot('server-access-light')
  await pane.getByRole('button', { name: 'I have it' }).click()
  expect(await page.content()).not.toContain(key)
  await pane.getByLabel('Name of the new key').fill('my <b>notebook</b>')
  await pane.getByRole('button', { name: 'Create key' }).click()
  await expect(pane.getByText('my <b>notebook</b>', { exact: true })).toBeVisible()
  await pane.getByRole('radio', { name: /This computer only/ }).click()
  await expect(page.getByRole('button', { name: 'This computer only' })).toBeVisible()
  await pane.getByRole('button', { name: 'Remove key my <b>notebook</b>' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
  await expect(pane.getByText('my <b>notebook</b>', { exact: true })).toBeHidden()
})

test.describe('without an engine', () => {
  test.use({ engine: 'missing' })
  test('the server view has no violations, in light and dark, wide and narrow', { tag: '@web' }, async ({ session, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    await expect(window.tryDemo).toBeVisible()
    await window.go('Server')
    await fetchSome(
      await page
        .getByText(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
        .first()
        .textContent(),
    )
    await expect(page.getByRole('grid', { name: 'Requests' })).toBeVisible()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const tab of ['Access', 'Connect', 'Request']) {
        await page.getByRole('radio', { name: tab, exact: true }).click()
        const found = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
        expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
      }
    }
    await page.getByRole('grid', { name: 'Requests' }).getByRole('row').nth(1).focus()
    await page.keyboard.press('ArrowDown')
    await expect(page.getByRole('row', { selected: true })).toHaveCount(1)
    await shoot('server-dark')
    await session.resize(900, 600)
    await page.emulateMedia({ colorScheme: 'light' })
    await shoot('server-900x600-light')
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= globalThis.innerWidth)).toBe(true)
  })
})

async function fetchSome(url: string | null): Promise<void> {
  for (let turn = 0; turn < 3; turn++)
    await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'nobody/nothing', messages: [{ role: 'user', content: 'Hi' }] }),
    })
}
