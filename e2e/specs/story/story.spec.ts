import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from '../../drivers/test'
import { mainWindow } from '../../pages/main-window'

const HELLO = 'mlx-knife-demo/hello-fp32'
const LAST_WORDS = 'keep it healthy. Have fun!'

test('a newcomer gets an answer from the built-in demo model', { tag: '@both' }, async ({ session, shoot }) => {
  const window = mainWindow(session.page)
  await expect(session.page.getByRole('heading', { name: 'The engine is ready' })).toBeVisible()
  await shoot('first-run-light')
  await window.startDemo()
  await window.chooseModel('hello-fp32')
  await window.ask('Hello, who are you?')
  await expect(window.answer).toContainText('Hello from MLX Knife!')
  await expect(window.answer).toContainText(LAST_WORDS)
  await expect(window.answer).toContainText(/\d+ tokens/)
  await shoot('chat-light')
})

test('an answer that never ends is stopped, and what was said is kept', { tag: '@both' }, async ({ session }) => {
  const window = mainWindow(session.page)
  await window.startDemo()
  await window.chooseModel('counting-fp32')
  await window.ask('How many sheep?')
  await expect(window.answer).toContainText('Once more from the beginning!')
  await window.stop.click()
  await expect(window.answer).toContainText('Stopped by you.')
  await expect(window.answer).toContainText('I count sheep')
  await expect(window.stop).toBeHidden()
  await expect(window.composer).toBeEditable()
})

test('a model that thinks shows its thoughts apart from its answer', { tag: '@both' }, async ({ session }) => {
  const window = mainWindow(session.page)
  await window.startDemo()
  await window.chooseModel('thinking-fp32')
  await window.ask('What do you think?')
  await expect(window.answer).toContainText('these sentences are the answer.')
  await expect(window.answer.getByRole('button', { name: /Thought/ })).toBeVisible()
})

test('Models shows the demo models, and loads and unloads one', { tag: '@both' }, async ({ session, shoot }) => {
  const window = mainWindow(session.page)
  await window.startDemo()
  await window.go('Models')
  for (const name of ['hello-fp32', 'counting-fp32', 'thinking-fp32']) {
    await expect(window.row(name)).toBeVisible()
    await expect(window.row(name)).toContainText(/\d [kKM]B/)
    await expect(window.row(name)).toContainText('f32')
    await expect(window.row(name)).toContainText('Healthy')
  }
  await session.resize(1180, 720)
  for (const name of ['hello', 'counting', 'thinking']) {
    // Where the room is short, whose model it is goes first: three rows that read the same would help nobody.
    const head = window.row(name).locator('[data-part="head"]')
    await expect.poll(() => head.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true)
  }
  await session.resize(1280, 800)
  await window.row('hello-fp32').click()
  const detail = window.detail(HELLO)
  await expect(detail.getByRole('heading', { name: 'hello-fp32' })).toBeVisible()
  await expect(detail).toContainText('Quantization')
  await detail.getByRole('button', { name: 'Load' }).click()
  await expect(detail.getByRole('button', { name: 'Unload' })).toBeVisible()
  await expect(window.serverFoot).toContainText('1 loaded')
  await shoot('models-light')
  await detail.getByRole('button', { name: 'Unload' }).click()
  await expect(detail.getByRole('button', { name: 'Load', exact: true })).toBeVisible()
  await expect(window.serverFoot).toContainText('Nothing loaded')
})

test.describe('without an engine', () => {
  test.use({ engine: 'missing' })
  test('the window says so and offers to install one', { tag: '@both' }, async ({ session, shoot }) => {
    const window = mainWindow(session.page)
    await expect(session.page.getByRole('heading', { name: 'Install the engine' })).toBeVisible()
    await expect(window.installEngine.first()).toBeEnabled()
    await shoot('engine-missing-light')
  })
})

test('every view is free of known barriers, in light and dark, large and small', { tag: '@both' }, async ({ session, shoot }) => {
  const { page } = session
  const window = mainWindow(page)
  const check = async (view: string): Promise<void> => {
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
      await expectNoBarriers(page, `${view}, ${scheme}`)
      await shoot(`${view}-${scheme}`)
    }
    await session.resize(900, 600)
    await expectNoBarriers(page, `${view}, 900 x 600`)
    await shoot(`${view}-900x600`)
    await session.resize(1280, 800)
  }
  await expect(window.tryDemo).toBeVisible()
  await check('first-run')
  await window.startDemo()
  await window.chooseModel('hello-fp32')
  await window.ask('Hello')
  await expect(window.answer).toContainText(LAST_WORDS)
  await check('chat')
  await window.go('Models')
  await window.row('hello-fp32').click()
  await expect(window.detail(HELLO)).toBeVisible()
  await check('models')
})

async function expectNoBarriers(page: Page, where: string): Promise<void> {
  // In one frame: the other mode opens a page of its own, which Electron has not.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
  expect(found, where).toEqual([])
}
