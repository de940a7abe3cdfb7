import type { Page } from '@playwright/test'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { violations } from '../../drivers/axe'
import { mlxk } from '../../drivers/cli'
import { expect, test } from '../../drivers/test'
import { healthyFiles, healthyModel, manyModels, noRefs, repoPath, truncatedShard } from '../../fixtures/cache'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { lifelikeCache } from '../../fixtures/large'
import { mainWindow } from '../../pages/main-window'

const hubOf = (folder: string): string => join(folder, 'hf', 'hub')
const notes = (page: Page) => page.getByRole('region', { name: 'Notes' })

test.use({ engine: 'missing', firstRunLeft: true })

test.describe('a cache of a year', () => {
  test.beforeEach(({ home }) => lifelikeCache(hubOf(home.folder)))

  test('a model goes after its revisions and the sums were shown', { tag: '@both' }, async ({ session, home, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.row('gemma-3-12b').click()
    await window.detail('mlx-community/gemma-3-12b-it-qat-4bit').getByRole('button', { name: 'Remove…' }).click()
    const sheet = page.getByRole('alertdialog', { name: 'Remove gemma-3-12b-it-qat-4bit from the cache?' })
    await expect(sheet.getByText('Current revision')).toBeVisible()
    await expect(sheet.getByText('Old revision')).toBeVisible()
    await expect(sheet.getByRole('button', { name: 'Remove, free 13.3 GB' })).toBeVisible()
    await shoot('models-remove-light')
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await expect(sheet).toBeHidden()
    expect(existsSync(repoPath(hubOf(home.folder), 'mlx-community/gemma-3-12b-it-qat-4bit'))).toBe(true)
    await page.getByRole('button', { name: 'Remove…' }).click()
    await sheet.getByRole('button', { name: 'Remove, free 13.3 GB' }).click()
    await expect(notes(page).getByText('Removed gemma-3-12b-it-qat-4bit, 13.3 GB freed')).toBeVisible()
    await expect(window.row('gemma-3-12b')).toBeHidden()
    expect(existsSync(repoPath(hubOf(home.folder), 'mlx-community/gemma-3-12b-it-qat-4bit'))).toBe(false)
  })

  test(
    'all that can be done to a model is in the menu of its row, by mouse and by keyboard',
    { tag: '@both' },
    async ({ session, shoot }) => {
      const { page } = session
      const window = mainWindow(page)
      await page.setViewportSize({ width: 1440, height: 900 })
      await window.row('SmolLM3').click({ button: 'right' })
      const menu = page.getByRole('menu')
      await expect(menu.getByRole('menuitem')).toContainText([
        'Chat',
        'Load',
        'Verify every byte',
        'Show in Storage',
        'Copy model name',
        'Remove…',
      ])
      // No engine is installed here.
      await expect(menu.getByRole('menuitem', { name: 'Load' })).toBeDisabled()
      await shoot('models-menu-light')
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('Escape')
      await expect(menu).toBeHidden()
      await expect(window.row('SmolLM3')).toBeFocused()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Shift+F10')
      await menu.getByRole('menuitem', { name: 'Remove…' }).press('Enter')
      await expect(page.getByRole('alertdialog')).toBeVisible()
      await expect(page.getByRole('alertdialog', { name: /SmolLM3/ })).toHaveCount(0)
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Memory' }).click()
      await expect(page.getByRole('columnheader', { name: 'Memory' })).toHaveAttribute('aria-sort', 'descending')
      await page.emulateMedia({ colorScheme: 'dark' })
      await shoot('models-columns-dark')
      expect(await violations(page)).toEqual([])
    },
  )

  test('several models are selected, and go with one plan', { tag: '@both' }, async ({ session, home, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    await page.setViewportSize({ width: 1440, height: 900 })
    await window.row('gemma-3-12b').click()
    await window.row('Phi-4-mini').click({ modifiers: ['ControlOrMeta'] })
    await expect(page.getByText('2 models selected')).toBeVisible()
    await page.keyboard.press('Shift+ArrowDown')
    await expect(page.getByText('2 models selected')).toBeVisible()
    await page.keyboard.press('Shift+ArrowDown')
    await expect(page.getByText('3 models selected')).toBeVisible()
    await shoot('models-several-light')
    expect(await violations(page)).toEqual([])
    await window.row('gemma-3-12b').click()
    await window.row('Phi-4-mini').click({ modifiers: ['ControlOrMeta'] })
    await page.getByRole('button', { name: 'Remove…' }).click()
    const sheet = page.getByRole('alertdialog')
    await expect(sheet).toContainText('gemma-3-12b-it-qat-4bit')
    await expect(sheet).toContainText('Phi-4-mini-instruct-4bit')
    await sheet.getByRole('button', { name: /^Remove/ }).click()
    await expect(notes(page).getByText(/freed/)).toBeVisible()
    for (const name of ['gemma-3-12b-it-qat-4bit', 'Phi-4-mini-instruct-4bit'])
      expect(existsSync(repoPath(hubOf(home.folder), `mlx-community/${name}`))).toBe(false)
    await expect(window.row('Phi-4-mini')).toBeHidden()
  })

  test('keys mean the row that has the focus, though another is selected', { tag: '@both' }, async ({ session }) => {
    const { page } = session
    const window = mainWindow(page)
    await page.setViewportSize({ width: 1440, height: 900 })
    await window.row('gemma-3-12b').click()
    await window.row('Phi-4-mini').click({ modifiers: ['ControlOrMeta'] })
    await window.row('Phi-4-mini').click({ modifiers: ['ControlOrMeta'] })
    await expect(window.row('Phi-4-mini')).toBeFocused()
    await expect(window.row('Phi-4-mini')).toHaveAttribute('aria-selected', 'false')
    await page.keyboard.press('ControlOrMeta+Backspace')
    await expect(page.getByRole('alertdialog', { name: /Phi-4-mini/ })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(window.row('Phi-4-mini')).toBeFocused()
    await expect(window.detail('mlx-community/Phi-4-mini-instruct-4bit')).toBeVisible()
  })

  test('after a model went, its neighbour in the list has the focus', { tag: '@both' }, async ({ session }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.row('gemma-3-12b').click()
    await page.keyboard.press('ControlOrMeta+Backspace')
    const sheet = page.getByRole('alertdialog', { name: /gemma-3-12b/ })
    await sheet.getByRole('button', { name: /^Remove, free/ }).press('Enter')
    await expect(window.row('gemma-3-12b')).toBeHidden()
    const row = page.locator('#model-list [data-key]:focus')
    await expect(row).toHaveAttribute('aria-selected', 'true')
    await page.keyboard.press('Home')
    await expect(page.locator('#model-list [data-key]').first()).toBeFocused()
  })

  test('an old revision goes alone, and the current one stays', { tag: '@both' }, async ({ session, home }) => {
    const { page } = session
    await mainWindow(page).row('gemma-3-12b').click()
    await page.getByRole('radio', { name: /^Revisions/ }).click()
    await page.getByRole('button', { name: 'Remove revision c20f6b8…' }).click()
    const sheet = page.getByRole('alertdialog', { name: 'Remove revision c20f6b8 of gemma-3-12b-it-qat-4bit?' })
    await sheet.getByRole('button', { name: 'Remove, free 5.2 GB' }).click()
    await expect(notes(page).getByText(/5\.2 GB freed/)).toBeVisible()
    await expect(page.getByRole('button', { name: /Remove revision/ })).toHaveCount(0)
    const snapshots = join(repoPath(hubOf(home.folder), 'mlx-community/gemma-3-12b-it-qat-4bit'), 'snapshots')
    expect(readdirSync(snapshots).map((name) => name.slice(0, 7))).toEqual(['91d4e2a'])
  })

  test(
    'what a context takes of the memory is seen by keyboard, up to the largest that fits',
    { tag: '@both' },
    async ({ session, shoot }) => {
      const { page } = session
      await mainWindow(page).row('SmolLM3').click()
      const pane = mainWindow(page).detail('mlx-community/SmolLM3-3B-4bit')
      await expect(pane.getByText('Memory on this computer')).toBeVisible()
      const field = pane.getByRole('textbox', { name: 'Context in tokens' })
      await expect(field).toHaveValue('32,768 tokens')
      const slider = pane.getByRole('slider', { name: 'Context' })
      await slider.focus()
      await page.keyboard.press('Home')
      await expect(field).toHaveValue('4,096 tokens')
      await expect(slider).toHaveAttribute('aria-valuetext', /^4,096 tokens, \d+\.\d GB, (Fits|Tight|Too large)\.$/)
      await page.keyboard.press('End')
      await expect(field).toHaveValue('131,072 tokens')
      await field.fill('20000')
      await field.press('Enter')
      await expect(field).toHaveValue('19,968 tokens')
      await expect(pane.getByText(/^Model max 131,072/)).toBeVisible()
      await shoot('models-detail-light')
      expect(await violations(page)).toEqual([])
      await page.emulateMedia({ colorScheme: 'dark' })
      await shoot('models-detail-dark')
      expect(await violations(page)).toEqual([])
    },
  )
})

test.describe('models that are not well', () => {
  test.beforeEach(({ home }) => {
    const hub = hubOf(home.folder)
    noRefs(hub)
    truncatedShard(hub)
    const { snapshot } = healthyModel(hub)
    const weights = join(snapshot, 'model.safetensors')
    const content = readFileSync(weights)
    content[content.length - 1] = (content.at(-1) ?? 0) ^ 1
    writeFileSync(weights, content)
  })

  test(
    'a bit that flipped is found by verifying, and the repair is shown before it is done',
    { tag: '@both' },
    async ({ session, shoot }) => {
      const { page } = session
      const window = mainWindow(page)
      await window.row('Tiny-Llama').click()
      const pane = window.detail('mlx-community/Tiny-Llama-4bit')
      await pane.getByRole('button', { name: 'More actions' }).click()
      await page.getByRole('menuitem', { name: 'Verify every byte' }).click()
      await expect(pane.getByText('1 file does not match')).toBeVisible()
      await expect(pane.getByText(/^Unhealthy: 1 problem/)).toBeVisible()
      await shoot('models-damaged-light')
      expect(await violations(page)).toEqual([])
      await pane.getByRole('button', { name: 'Repair…' }).first().click()
      const sheet = page.getByRole('alertdialog', { name: 'Repair Tiny-Llama-4bit?' })
      await expect(sheet.getByText('Fetched from the Hub')).toBeVisible()
      await expect(sheet.getByText('model.safetensors', { exact: true })).toBeVisible()
      await shoot('models-repair-light')
      expect(await violations(page)).toEqual([])
      await sheet.getByRole('button', { name: 'Cancel' }).click()
      await expect(sheet).toBeHidden()
    },
  )

  test('each file says whether its bytes were compared with their hash, and when', { tag: '@both' }, async ({ session, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.row('Tiny-Llama').click()
    const pane = window.detail('mlx-community/Tiny-Llama-4bit')
    const file = (name: string) => pane.getByRole('listitem').filter({ hasText: name })
    await pane.getByRole('radio', { name: /^Files/ }).click()
    await expect(file('config.json').first()).toContainText('Not verified yet')
    await expect(pane.getByText(/^No file compared with its hash yet/)).toBeVisible()
    await pane.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Verify every byte' }).click()
    await expect(file('config.json').first()).toContainText(/Verified on \w.*\d/)
    await expect(file('model.safetensors')).toContainText(/Damaged, found on \w.*\d/)
    await expect(pane.getByText(/^\d of \d files match their hash/)).toBeVisible()
    await shoot('models-files-light')
    expect(await violations(page)).toEqual([])
  })

  test('a missing ref is mended without the network', { tag: '@both' }, async ({ session, home }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.row('No-Refs').click()
    await window.detail('mlx-community/No-Refs-4bit').getByRole('button', { name: 'Repair…' }).first().click()
    const sheet = page.getByRole('alertdialog', { name: 'Repair No-Refs-4bit?' })
    await expect(sheet.getByText('Write ref')).toBeVisible()
    await sheet.getByRole('button', { name: 'Repair', exact: true }).click()
    await expect(notes(page).getByText('No-Refs-4bit is repaired')).toBeVisible()
    expect(existsSync(join(repoPath(hubOf(home.folder), 'mlx-community/No-Refs-4bit'), 'refs', 'main'))).toBe(true)
  })
})

test.describe('a cache of three hundred models', () => {
  test.beforeEach(({ home }) => {
    manyModels(hubOf(home.folder), 300, 1)
    noRefs(hubOf(home.folder), 'mlx-community/Aardvark-4bit')
  })

  test('is gone through by keys, though only what is in sight is drawn', { tag: '@both' }, async ({ session, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    const grid = page.getByRole('grid', { name: 'Models' })
    const rows = grid.locator('[data-key]')
    await expect(window.row('Aardvark')).toBeVisible()
    // The head of the table, two groups, and every model.
    await expect(grid).toHaveAttribute('aria-rowcount', '304')
    expect(await rows.count()).toBeLessThan(60)
    await page.getByRole('searchbox').first().focus()
    await rows.first().focus()
    // Where one stands is what commands mean.
    await expect(window.row('Aardvark')).toHaveAttribute('aria-selected', 'true')
    await page.keyboard.press('End')
    await expect(grid.locator('[aria-rowindex="304"]')).toBeFocused()
    await expect(grid.locator('[aria-rowindex="304"]')).toBeInViewport()
    await shoot('models-many-end')
    await page.keyboard.press('PageUp')
    await expect(grid.locator('[aria-rowindex="292"]')).toBeFocused()
    await page.keyboard.press('Shift+Home')
    await expect(window.row('Aardvark')).toBeFocused()
    await expect(page.getByText(/292 models|290 models|289 models/).first()).toBeVisible()
    expect(await rows.count()).toBeLessThan(60)
    expect(await violations(page)).toEqual([])
  })

  test('a row keeps the focus when its model gets into another group', { tag: '@both' }, async ({ session, home }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.row('Aardvark').click()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    await expect(window.row('Aardvark')).toBeFocused()
    await expect(page.getByRole('button', { name: /Needs repair|Problems/ }).first()).toBeVisible()
    const repo = repoPath(hubOf(home.folder), 'mlx-community/Aardvark-4bit')
    const [commit] = readdirSync(join(repo, 'snapshots'))
    mkdirSync(join(repo, 'refs'), { recursive: true })
    writeFileSync(join(repo, 'refs', 'main'), commit ?? '')
    await expect(page.getByRole('grid', { name: 'Models' })).toHaveAttribute('aria-rowcount', '303', { timeout: 15_000 })
    await expect(window.row('Aardvark')).toBeFocused()
  })
})

test.describe('a model that moved on', () => {
  const name = 'org/moving-4bit'
  const files = healthyFiles()
  let hub: FakeHub
  test.beforeEach(async ({ home }) => {
    hub = await startFakeHub({ repos: [{ id: name, files }] })
    home.env['HF_ENDPOINT'] = hub.url
    expect(await mlxk(['pull', name], { env: home.env })).toMatchObject({ code: 0 })
  })
  test.afterEach(() => hub.close())

  test('is brought up to date from its details, and keeps its old revision', { tag: '@both' }, async ({ session, home, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    const pane = window.detail(name)
    const check = async (): Promise<void> => {
      await pane.getByRole('button', { name: 'More actions' }).click()
      await page.getByRole('menuitem', { name: 'Check for update' }).click()
    }
    await window.row('moving').click()
    await check()
    await expect(pane.getByText('This is the newest revision')).toBeVisible()
    hub.publish({ id: name, commits: [{ files }, { files: { ...files, 'generation_config.json': '{"temperature": 0.5}' } }] })
    await check()
    await expect(pane.getByText('A newer revision is on the Hub')).toBeVisible()
    await shoot('models-update-light')
    expect(await violations(page)).toEqual([])
    await pane.getByRole('button', { name: /^Update, fetch/ }).click()
    await expect(notes(page).getByText('moving-4bit is being updated')).toBeVisible()
    await expect(pane.getByRole('radio', { name: /^Revisions/ })).toHaveText(/2/)
    expect(readdirSync(join(repoPath(hubOf(home.folder), name), 'snapshots'))).toHaveLength(2)
    await check()
    await expect(pane.getByText('This is the newest revision')).toBeVisible()
  })
})
