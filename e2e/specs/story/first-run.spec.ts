import { join } from 'node:path'
import { violations } from '../../drivers/axe'
import { expect, test } from '../../drivers/test'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { healthyFiles, healthyModel, truncatedShard } from '../../fixtures/cache'
import { mainWindow } from '../../pages/main-window'

const hubOf = (folder: string): string => join(folder, 'hf', 'hub')
const huge = JSON.stringify({
  model_type: 'llama',
  hidden_size: 16_384,
  num_hidden_layers: 200,
  num_attention_heads: 128,
  num_key_value_heads: 128,
  max_position_embeddings: 131_072,
})
const tags = ['mlx', 'conversational']
const repos = [
  { id: 'mlx-community/Huge-Instruct', files: { ...healthyFiles(), 'config.json': huge }, tags, downloads: 9000 },
  { id: 'mlx-community/Gated-Instruct', files: healthyFiles(), tags, gated: 'manual' as const, downloads: 8000 },
  { id: 'mlx-community/Small-Instruct-4bit', files: healthyFiles(), tags, downloads: 7000 },
  { id: 'mlx-community/Larger-Instruct-4bit', files: { ...healthyFiles(), 'notes.json': 'x'.repeat(4000) }, tags, downloads: 6000 },
  {
    id: 'mlx-community/Not-For-Chat',
    files: { ...healthyFiles(), 'notes.json': 'x'.repeat(9000) },
    tags: ['mlx'],
    downloads: 5000,
  },
]

// A browser writes every refusal of the owner to its console.
test.use({ engine: 'missing', expectedErrors: /status of (403|429|502|503)/ })

test.describe('somebody who has models already', () => {
  let hub: FakeHub
  test.beforeEach(async ({ home }) => {
    hub = await startFakeHub({ repos })
    home.env['HF_ENDPOINT'] = hub.url
    healthyModel(hubOf(home.folder))
    truncatedShard(hubOf(home.folder))
  })
  test.afterEach(() => hub.close())

  test(
    'sees what was found, leaves the engine for later, fetches the model that fits, and goes on after a reload',
    // The old runtime that the app is tried in does not survive a reload.
    { tag: '@web' },
    async ({ session, shoot }) => {
      const { page } = session
      const window = mainWindow(page)
      const found = page.getByRole('list', { name: '2 models are already here' })
      await expect(found.getByRole('listitem').filter({ hasText: 'Tiny-Llama' })).toContainText('can chat')
      await expect(found.getByRole('listitem').filter({ hasText: 'Truncated' })).toContainText('needs repair')
      await expect(window.installEngine).toBeVisible()
      await expect(page.getByText(/[\d,.]+ GB memory/)).toBeVisible()
      await expect(page.getByText('Start with Tiny-Llama-4bit')).toBeVisible()
      expect(await violations(page)).toEqual([])

      await page.getByRole('button', { name: 'Skip: Install the engine' }).click()
      await expect(page.getByText('Skipped. Models can be managed without it')).toBeVisible()
      // Nobody was asked before this: the Hub hears of this machine when somebody wants it to.
      expect(hub.log).toEqual([])
      await page.getByRole('button', { name: 'Suggest a model that fits' }).click()
      await expect(page.getByText('Larger-Instruct-4bit')).toBeVisible()
      await shoot('first-run-offer')

      await page.reload()
      await expect(page.getByText('Skipped. Models can be managed without it')).toBeVisible()
      await expect(page.getByText('Larger-Instruct-4bit')).toBeVisible()
      await page.getByRole('button', { name: /^Download \d/ }).click()
      await expect(page.getByRole('list', { name: '3 models are already here' })).toContainText('Larger-Instruct')
      await expect(page.getByText('Start with Larger-Instruct-4bit')).toBeVisible()
      await expect(page.getByRole('button', { name: 'Chat', exact: true }).last()).toHaveAttribute('aria-disabled', 'true')

      await page.getByRole('button', { name: 'Do it now: Install the engine' }).click()
      await expect(window.installEngine).toBeVisible()
      await page.getByRole('button', { name: 'Skip for now' }).click()
      await expect(window.row('Larger-Instruct')).toBeVisible()
      await page.reload()
      await expect(window.row('Tiny-Llama')).toBeVisible()
    },
  )
})

test.describe('without a network', () => {
  // Nothing listens there.
  test.beforeEach(({ home }) => Object.assign(home.env, { HF_ENDPOINT: 'http://127.0.0.1:9' }))
  test('the demo model is what there is, and the steps can be left and found again', { tag: '@both' }, async ({ session }) => {
    const { page } = session
    const window = mainWindow(page)
    await expect(page.getByRole('heading', { name: 'No models here yet' })).toBeVisible()
    await page.getByRole('button', { name: 'Suggest a model that fits' }).click()
    await expect(page.getByRole('alert')).toBeVisible()
    await expect(window.tryDemo).toBeEnabled()
    await page.getByRole('button', { name: 'Skip for now' }).click()
    await expect(page.getByRole('heading', { name: 'No models yet' })).toBeVisible()
    await page.getByRole('button', { name: 'Continue the setup' }).click()
    await expect(window.tryDemo).toBeVisible()
  })
})
