import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '../../drivers/test'
import { slow, startFakeHub, type FakeHub } from '../../fakes/hub'
import { healthyFiles, repoPath } from '../../fixtures/cache'
import { mainWindow } from '../../pages/main-window'

const MIB = 1024 * 1024
const files = healthyFiles()
/** Half a minute long at the speed of this hub, so that nothing ends while it is looked at. */
const long = { ...files, 'tokenizer.json': `{"x":"${'x'.repeat(30 * MIB)}"}` }

let hub: FakeHub
test.use({ engine: 'missing' })
test.beforeEach(async ({ home }) => {
  hub = await startFakeHub({
    repos: [
      { id: 'mlx-community/Devstral-Small-2507-4bit', files: long },
      ...['SmolLM3-3B-8bit', 'Qwen3-4B-Instruct-2507-4bit'].map((name) => ({
        id: `mlx-community/${name}`,
        files: { ...files, name },
      })),
      { id: 'google/gemma-3-4b-it', files, gated: 'manual' as const },
    ],
    layers: [slow('hub', MIB), slow('cdn', MIB)],
  })
  home.env['HF_ENDPOINT'] = hub.url
})
test.afterEach(() => hub.close())

/** As another program asks for a model. */
const add = async (page: Page, model: string): Promise<void> => {
  const { serverFoot } = mainWindow(page)
  await expect(serverFoot).toHaveAccessibleName(/ready:\d+/)
  const port = /:(\d+)/.exec((await serverFoot.getAttribute('aria-label')) ?? '')?.[1]
  const answer = await page.request.post(`http://127.0.0.1:${port}/api/v1/downloads`, { data: { model } })
  expect(answer.status()).toBe(202)
}
const group = (page: Page, name: string) => page.getByRole('region', { name, exact: true })

async function violations(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page }).setLegacyMode(true).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  return found.violations.map((entry) => `${entry.id}: ${entry.nodes[0]?.html ?? ''}`)
}

test.describe('downloads', () => {
  test('are nothing at first, and say where to begin', { tag: '@both' }, async ({ session }) => {
    await mainWindow(session.page).go('Downloads')
    await expect(session.page.getByRole('heading', { name: 'No downloads' })).toBeVisible()
    expect(await violations(session.page)).toEqual([])
  })

  test(
    'show what is fetched, wait in an order that can be changed, and are stopped with or without what they have',
    { tag: '@web' },
    async ({ session, home, shoot }) => {
      const { page } = session
      await mainWindow(page).go('Downloads')
      for (const name of ['Devstral-Small-2507-4bit', 'SmolLM3-3B-8bit', 'Qwen3-4B-Instruct-2507-4bit'])
        await add(page, `mlx-community/${name}`)
      await add(page, 'google/gemma-3-4b-it')
      const now = group(page, 'Now')
      const waiting = group(page, 'Waiting')
      // Files, each with its bar; the whole with time and speed.
      await expect(now.getByRole('list', { name: 'Files of Devstral-Small-2507-4bit' })).toContainText('tokenizer.json')
      await expect(now.getByText(/ s left$/)).toBeVisible()
      await expect(now.getByText(/of 31 MB · .*B\/s/)).toBeVisible()
      await expect(page.getByRole('img', { name: /^Speed over the last minute/ })).toBeVisible()
      await expect(page.getByRole('navigation').getByRole('button', { name: /Downloads \d+%/ })).toBeVisible()

      // The limit is the setting, at hand where it is wanted, and taken back as easily.
      const limit = page.getByRole('button', { name: /^Speed limit: / })
      await expect(limit).toHaveAccessibleName('Speed limit: No limit, 8 connections')
      await limit.press('Enter')
      await shoot('downloads-limit-light')
      expect(await violations(page)).toEqual([])
      await page.getByRole('menuitemradio', { name: '5 MB/s', exact: true }).press('Enter')
      await expect(limit).toHaveAccessibleName('Speed limit: 5 MB/s, 8 connections')
      await limit.click()
      await page.getByRole('menuitemradio', { name: '2 connections', exact: true }).click()
      await expect(limit).toHaveAccessibleName('Speed limit: 5 MB/s, 2 connections')
      expect(JSON.parse(readFileSync(join(home.data, 'settings.json'), 'utf8'))).toMatchObject({
        downloads: { limit_mb_per_s: 5, connections: 2 },
      })
      await limit.click()
      await page.getByRole('menuitemradio', { name: 'No limit' }).click()
      await limit.click()
      await page.getByRole('menuitemradio', { name: '8 connections' }).click()

      // The keyboard moves one before the other, and keeps its place.
      const names = waiting.getByRole('listitem')
      await expect(names.first()).toContainText('SmolLM3-3B')
      const up = waiting.getByRole('button', { name: 'Move Qwen3-4B-Instruct-2507-4bit up' })
      await up.focus()
      await page.keyboard.press('Enter')
      await expect(names.first()).toContainText('Qwen3-4B')
      await expect(up).toBeFocused()
      await page.waitForTimeout(3000)
      await shoot('downloads-light')
      expect(await violations(page)).toEqual([])

      await page.getByRole('button', { name: 'Pause all' }).click()
      await expect(waiting.getByText('Paused by you')).toHaveCount(4)
      await waiting.getByRole('button', { name: 'Resume Devstral-Small-2507-4bit' }).click()
      await expect(now.getByText(/ s left$/)).toBeVisible()

      // Nothing of this one is here yet: it goes at once, and comes back.
      await waiting.getByRole('button', { name: 'Cancel SmolLM3-3B-8bit' }).click()
      await page.getByRole('button', { name: 'Undo' }).click()
      await expect(waiting.getByText('SmolLM3-3B-8bit')).toBeVisible()

      await now.getByRole('button', { name: 'Cancel Devstral-Small-2507-4bit' }).click()
      const sheet = page.getByRole('alertdialog', { name: 'Cancel the download of Devstral-Small-2507-4bit?' })
      await expect(sheet.getByRole('button', { name: 'Go on downloading' })).toBeFocused()
      await shoot('downloads-cancel-light')
      expect(await violations(page)).toEqual([])
      await sheet.getByRole('button', { name: /^Cancel, remove/ }).click()
      await expect(group(page, 'Ended').getByText('Cancelled')).toBeVisible()
      const blobs = join(repoPath(join(home.folder, 'hf', 'hub'), 'mlx-community/Devstral-Small-2507-4bit'), 'blobs')
      expect(existsSync(blobs) ? readdirSync(blobs).filter((name) => name.endsWith('.incomplete')) : []).toEqual([])

      // The others go on to their ends: two whole ones, and one that is told what to do.
      await page.getByRole('button', { name: 'Resume all' }).click()
      const problems = group(page, 'Problems')
      await expect(problems.getByText(/asks everybody to accept its terms/)).toBeVisible()
      await expect(problems.getByRole('button', { name: 'Open page' })).toBeVisible()
      const ended = group(page, 'Ended')
      await expect(ended.getByText('Healthy, every hash checked')).toHaveCount(2)
      await page.emulateMedia({ colorScheme: 'dark' })
      await shoot('downloads-ended-dark')
      expect(await violations(page)).toEqual([])
      await session.resize(900, 600)
      await shoot('downloads-900-dark')
      await session.resize(700, 600)
      await shoot('downloads-700-dark')
      expect(await violations(page)).toEqual([])
      await session.resize(1280, 800)

      await ended.getByRole('listitem').filter({ hasText: 'SmolLM3' }).getByRole('button', { name: 'Show in Models' }).click()
      await expect(mainWindow(page).detail('mlx-community/SmolLM3-3B-8bit')).toBeVisible()
      await mainWindow(page).go('Downloads')
      await ended.getByRole('button', { name: 'Clear', exact: true }).click()
      await expect(page.getByRole('heading', { name: 'No downloads' })).toBeVisible()
    },
  )

  test(
    'one that fails says why, and goes through when it is tried again after it was mended',
    { tag: '@both' },
    async ({ session, shoot }) => {
      const { page } = session
      const NAME = 'mlx-community/Late-Comer-4bit'
      await expect(mainWindow(page).serverFoot).toHaveAccessibleName(/ready:\d+/)
      await page.keyboard.press('Control+k')
      await page.keyboard.type(NAME)
      await expect(page.getByRole('option', { name: `Download ${NAME}` })).toHaveAttribute('aria-selected', 'true')
      await page.keyboard.press('Enter')
      await mainWindow(page).go('Downloads')
      const problems = group(page, 'Problems')
      await expect(problems.getByRole('listitem')).toContainText('Late-Comer-4bit')
      await shoot('downloads-failed-light')
      expect(await violations(page)).toEqual([])
      const again = problems.getByRole('button', { name: 'Try again' })
      hub.publish({ id: NAME, files })
      await again.click()
      await expect(group(page, 'Ended').getByText('Healthy, every hash checked')).toBeVisible()
      await expect(problems).toBeHidden()
    },
  )
})
