import type { Page } from '@playwright/test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { violations } from '../../drivers/axe'
import { expect, test } from '../../drivers/test'
import { repoPath } from '../../fixtures/cache'
import { lifelikeCache } from '../../fixtures/large'
import { mainWindow } from '../../pages/main-window'

const hubOf = (folder: string): string => join(folder, 'hf', 'hub')

const notes = (page: Page) => page.getByRole('region', { name: 'Notes' })

test.describe('a disk that fills up', () => {
  test.use({ engine: 'missing' })
  test.beforeEach(({ home }) => lifelikeCache(hubOf(home.folder)))

  test(
    'shows what takes it, what of that can go, and frees it after showing what goes',
    { tag: '@both' },
    async ({ session, home, shoot }) => {
      const { page } = session
      await mainWindow(page).go('Storage')
      await expect(page.getByRole('heading', { name: 'Storage', level: 1 })).toBeVisible()
      await expect(page.getByText('26.0 GB can go.')).toBeVisible()
      const tile = page.getByRole('option', { name: /Llama-3.3-70B/ })
      await expect(tile).toHaveAccessibleName('mlx-community/Llama-3.3-70B-Instruct-4bit, 50.9 GB, 11.2 GB can go')
      const pane = page.getByRole('complementary', { name: 'What can go' })
      await expect(pane.getByText('2 revisions replaced by an update')).toBeVisible()
      await expect(pane.getByRole('checkbox', { name: 'Mixtral-8x7B-Instruct-v0.1-hf-4bit-mlx' })).not.toBeChecked()
      await shoot('storage-light')
      expect(await violations(page)).toEqual([])

      // What stays is left out of the sum.
      await pane.getByRole('checkbox', { name: 'Files nothing points to' }).click()
      await pane.getByRole('button', { name: 'Review and remove…' }).click()
      const sheet = page.getByRole('alertdialog', { name: 'Remove what can go?' })
      await expect(sheet.getByRole('button', { name: 'Cancel' })).toBeFocused()
      await expect(sheet.getByText('Unfinished downloads')).toBeVisible()
      await expect(sheet.getByText('Files nothing points to')).toBeHidden()
      await shoot('storage-plan-light')
      expect(await violations(page)).toEqual([])
      await sheet.getByRole('button', { name: 'Remove, free 24.8 GB' }).click()
      await expect(notes(page).getByText('Cleaned up, 24.8 GB freed')).toBeVisible()
      await expect(sheet).toBeHidden()
      await expect(page.getByText('1.2 GB can go.')).toBeVisible()
      const blobs = join(repoPath(hubOf(home.folder), 'mlx-community/GLM-4.5-Air-4bit'), 'blobs')
      expect(existsSync(blobs) ? readdirSync(blobs) : []).toEqual([])
    },
  )

  test('lets a model go that nobody used for months, and only that', { tag: '@both' }, async ({ session, home }) => {
    const { page } = session
    await mainWindow(page).go('Storage')
    const pane = page.getByRole('complementary', { name: 'What can go' })
    for (const kind of ['Old revisions', 'Unfinished downloads', 'Files nothing points to'])
      await pane.getByRole('checkbox', { name: kind }).click()
    await pane.getByRole('checkbox', { name: 'Qwen3-4B' }).click()
    await pane.getByRole('button', { name: 'Review and remove…' }).click()
    const sheet = page.getByRole('alertdialog', { name: 'Remove Qwen3-4B from the cache?' })
    await expect(sheet.getByText('Freed on disk')).toBeVisible()
    await sheet.getByRole('button', { name: 'Remove, free 8.1 GB' }).click()
    await expect(notes(page).getByText('Removed Qwen3-4B, 8.1 GB freed')).toBeVisible()
    expect(existsSync(repoPath(hubOf(home.folder), 'Qwen/Qwen3-4B'))).toBe(false)
    expect(existsSync(repoPath(hubOf(home.folder), 'mlx-community/gemma-3-12b-it-qat-4bit'))).toBe(true)
  })

  test('is gone through by keyboard, as a map and as a list', { tag: '@both' }, async ({ session, shoot }) => {
    const { page } = session
    await mainWindow(page).go('Storage')
    const first = page.getByRole('option').first()
    await first.focus()
    await page.keyboard.press('ArrowRight')
    await expect(page.getByRole('option').nth(0)).not.toBeFocused()
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('heading', { name: 'Llama-3.3-70B-Instruct-4bit' })).toBeVisible()
    await expect(page.getByText('removing it alone frees 11.2 GB')).toBeVisible()
    await shoot('storage-model-light')
    expect(await violations(page)).toEqual([])
    await page.getByRole('radio', { name: 'List' }).click()
    const rows = page.getByRole('table', { name: 'Models by size' }).getByRole('row')
    await expect(rows.nth(1)).toContainText('50.9 GB')
    await page.getByRole('button', { name: 'Revisions of mlx-community/Llama-3.3-70B-Instruct-4bit' }).click()
    await expect(page.getByRole('row').filter({ hasText: 'c20f6b8' })).toContainText('Old')
    await shoot('storage-list-light')
    expect(await violations(page)).toEqual([])
  })

  test('is readable in the dark and in a small window', { tag: '@both' }, async ({ session, shoot }) => {
    const { page } = session
    await page.emulateMedia({ colorScheme: 'dark' })
    await mainWindow(page).go('Storage')
    await expect(page.getByRole('option', { name: /Mixtral/ })).toBeVisible()
    await shoot('storage-dark')
    expect(await violations(page)).toEqual([])
    await session.resize(900, 600)
    await shoot('storage-900-dark')
    expect(await violations(page)).toEqual([])
    await session.resize(700, 600)
    await shoot('storage-700-dark')
    expect(await violations(page)).toEqual([])
  })
})

test.describe('a cache with nothing in it', () => {
  test.use({ engine: 'missing' })

  test('says so', { tag: '@both' }, async ({ session }) => {
    await mainWindow(session.page).go('Storage')
    await expect(session.page.getByRole('heading', { name: 'Nothing takes space yet' })).toBeVisible()
    expect(await violations(session.page)).toEqual([])
  })
})
