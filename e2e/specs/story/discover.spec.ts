import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '../../drivers/test'
import { answering, startFakeHub, type FakeHub } from '../../fakes/hub'
import { healthyFiles, repoPath } from '../../fixtures/cache'
import { mainWindow } from '../../pages/main-window'

const card = (name: string): string =>
  `---\nlicense: mit\n---\n# ${name}\n\nA model for **tests**. <script>document.title='hacked'</script><img src="http://evil.test/x.png" onerror="alert(1)">\n\n![Pixel](http://evil.test/pixel.png) [bad](javascript:alert(1))\n\n| A | B |\n|---|---|\n| 1 | 2 |\n`
const files = healthyFiles()
const large = JSON.stringify({
  model_type: 'llama',
  hidden_size: 8192,
  num_hidden_layers: 80,
  num_attention_heads: 64,
  num_key_value_heads: 64,
  max_position_embeddings: 131_072,
  quantization: { bits: 8, group_size: 64 },
})
const repos = [
  {
    id: 'mlx-community/gemma-3-1b-it-qat-4bit',
    files: { ...files, 'README.md': card('Gemma'), 'assets/preview.gif': 'GIF89a' },
    downloads: 48_100,
    likes: 61,
    tags: ['mlx', 'chat'],
    card: { license: 'gemma', base_model: 'google/gemma-3-1b-it' },
  },
  ...Array.from({ length: 22 }, (_, index) => ({
    id: `mlx-community/SmolLM3-${index}-4bit`,
    files: { ...files, index: `${index}` },
    downloads: 1000 - index,
    likes: index,
  })),
  { id: 'google/gemma-3-4b-it', files, gated: 'manual' as const, downloads: 40_000, likes: 1200 },
  { id: 'lmstudio-community/gemma-3-70b-8bit', files: { ...files, 'config.json': large }, downloads: 10, likes: 1 },
]

let hub: FakeHub
const list = (page: Page) => page.getByRole('list', { name: 'Models of the Hub' })
const detail = (page: Page, name: string) => page.getByRole('region', { name: `Details of ${name}` })

async function violations(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page }).setLegacyMode(true).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  return found.violations.map((entry) => `${entry.id}: ${entry.nodes[0]?.html ?? ''}`)
}

// A browser writes every refusal of the owner to its console.
test.use({ engine: 'missing', expectedErrors: /status of (403|429|503)/ })
test.afterEach(() => hub.close())

test.describe('a Hub full of models', () => {
  test.beforeEach(async ({ home }) => {
    hub = await startFakeHub({ repos })
    home.env['HF_ENDPOINT'] = hub.url
  })

  test(
    'is searched, a model is looked at, and it is fetched with the files that were chosen',
    { tag: '@both' },
    async ({ session, home, shoot }) => {
      const { page } = session
      await mainWindow(page).go('Discover')
      await expect(list(page).getByRole('listitem')).toHaveCount(20)
      await page.getByRole('button', { name: 'Show more' }).click()
      await expect(list(page).getByRole('listitem')).toHaveCount(25)
      await page.getByRole('searchbox', { name: 'Search the Hub' }).fill('gemma')
      await expect(list(page).getByRole('listitem')).toHaveCount(3)
      await expect(list(page).getByRole('listitem').first()).toContainText('Fits')

      // By keyboard from the words to the model.
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      const gemma = detail(page, 'mlx-community/gemma-3-1b-it-qat-4bit')
      const get = gemma.getByRole('button', { name: /^Download \d/ })
      await expect(get).toBeVisible()
      await expect(gemma.getByText(/are free on the disk/)).toBeVisible()
      await expect(gemma.getByText('google/gemma-3-1b-it')).toBeVisible()

      // The card is a stranger's: text, and nothing of it is run or fetched.
      await gemma.getByRole('button', { name: 'Read the card' }).click()
      await expect(gemma.getByRole('heading', { name: 'Gemma', exact: true })).toBeVisible()
      await expect(gemma.getByRole('link', { name: 'bad' })).toHaveCount(0)
      await expect(gemma.locator('img, script')).toHaveCount(0)
      expect(await page.title()).not.toContain('hacked')
      await shoot('discover-card-light')
      expect(await violations(page)).toEqual([])
      await gemma.getByRole('button', { name: 'Close the card' }).click()

      await gemma.getByRole('checkbox', { name: 'assets/preview.gif' }).click()
      await shoot('discover-light')
      await get.click()
      await expect(page.getByText('gemma-3-1b-it-qat-4bit is downloaded and checked')).toBeVisible()
      await expect(list(page).getByText('Already here')).toBeVisible()
      const repo = repoPath(join(home.folder, 'hf', 'hub'), 'mlx-community/gemma-3-1b-it-qat-4bit')
      expect(existsSync(join(repo, 'refs', 'main'))).toBe(true)
      await mainWindow(page).go('Downloads')
      await expect(page.getByText('Healthy, every hash checked')).toBeVisible()
    },
  )

  test('is filtered by owner, bits and what fits, and says when nothing is left', { tag: '@both' }, async ({ session }) => {
    const { page } = session
    await mainWindow(page).go('Discover')
    await page.getByRole('textbox', { name: 'Owner' }).fill('lmstudio-community')
    await expect(list(page).getByRole('listitem')).toHaveCount(1)
    await page.getByRole('combobox', { name: /^Quantization/ }).click()
    await page.getByRole('option', { name: '4-bit' }).click()
    await expect(page.getByRole('heading', { name: 'Nothing found' })).toBeVisible()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await expect(list(page).getByRole('listitem')).toHaveCount(20)
    await page.getByRole('button', { name: 'Fits this computer' }).click()
    await expect(page.getByRole('button', { name: 'Fits this computer' })).toHaveAttribute('aria-pressed', 'true')
    await page.getByRole('combobox', { name: /^Order/ }).click()
    await page.getByRole('option', { name: 'Most likes' }).click()
    await expect(list(page).getByRole('listitem').first()).toContainText('gemma-3-1b')
  })

  test(
    'says of a gated model where its terms are, in the dark and in a small window',
    { tag: '@both' },
    async ({ session, shoot }) => {
      const { page } = session
      await page.emulateMedia({ colorScheme: 'dark' })
      await mainWindow(page).go('Discover')
      await list(page).getByRole('button', { name: 'How to get access to google/gemma-3-4b-it' }).click()
      const gated = detail(page, 'google/gemma-3-4b-it')
      await expect(gated.getByText(/asks everybody to accept its terms/).first()).toBeVisible()
      await expect(gated.getByRole('button', { name: 'Open page', exact: true })).toBeVisible()
      await shoot('discover-gated-dark')
      expect(await violations(page)).toEqual([])
      await session.resize(900, 600)
      await shoot('discover-900-dark')
      expect(await violations(page)).toEqual([])
    },
  )

  // Narrower than the app's own window can be.
  test(
    'in a very small window a model takes the place of the list, and gives it back',
    { tag: '@web' },
    async ({ session, shoot }) => {
      const { page } = session
      await page.emulateMedia({ colorScheme: 'dark' })
      await mainWindow(page).go('Discover')
      const gated = detail(page, 'google/gemma-3-4b-it')
      await session.resize(700, 600)
      await list(page).getByRole('button', { name: 'google/gemma-3-4b-it', exact: true }).click()
      await shoot('discover-700-dark')
      expect(await violations(page)).toEqual([])
      await gated.getByRole('button', { name: 'Back' }).click()
      await expect(list(page)).toBeVisible()
      await shoot('discover-700-list-dark')
    },
  )
})

test.describe('a Hub that may not be asked', () => {
  test.beforeEach(async ({ home }) => {
    hub = await startFakeHub({ repos })
    Object.assign(home.env, { HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '1' })
  })

  test('is said to be off, and what is here works on', { tag: '@both' }, async ({ session, shoot }) => {
    const { page } = session
    await mainWindow(page).go('Discover')
    await expect(page.getByRole('heading', { name: 'Offline' })).toBeVisible()
    await expect(page.getByText(/What is in the cache works as always/)).toBeVisible()
    await shoot('discover-offline-light')
    expect(await violations(page)).toEqual([])
  })
})

test.describe('a Hub that was asked too often', () => {
  test.beforeEach(async ({ home }) => {
    hub = await startFakeHub({
      repos,
      layers: [answering('hub', 429, { 'retry-after': '1800' }, { times: 1, path: /^\/api\/models$/ })],
    })
    home.env['HF_ENDPOINT'] = hub.url
  })

  test('says how long it wants to be left alone, and answers later', { tag: '@both' }, async ({ session }) => {
    const { page } = session
    await mainWindow(page).go('Discover')
    await expect(page.getByText(/Try again in 1800 s/)).toBeVisible()
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(list(page).getByRole('listitem')).toHaveCount(20)
  })
})
