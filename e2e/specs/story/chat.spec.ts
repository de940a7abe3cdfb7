import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '../../drivers/test'
import { mainWindow } from '../../pages/main-window'

const LAST_WORDS = 'keep it healthy. Have fun!'

test(
  'a conversation is kept: it is there after a reload, is found by a word, renamed, pinned, deleted and brought back',
  { tag: '@web' },
  async ({ session, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    const list = page.getByRole('region', { name: 'Conversations' })
    await window.startDemo()
    await window.chooseModel('hello-fp32')
    await window.ask('Where do kettles come from?')
    await expect(window.answer).toContainText(LAST_WORDS)
    await expect(list.getByRole('button', { name: /^Where do kettles/ })).toBeVisible()
    await page.reload()
    await window.go('Chat')
    await expect(window.answer).toContainText(LAST_WORDS)
    await page.getByRole('button', { name: 'New chat' }).first().click()
    await window.ask('A second one')
    await expect(window.answer).toContainText(LAST_WORDS)

    const search = page.getByRole('searchbox', { name: 'Search all text' })
    await search.fill('kettles come')
    await expect(list.locator('mark')).toHaveText('kettles')
    await expect(list.getByRole('listitem')).toHaveCount(1)
    await list.getByRole('button', { name: /^Where do kettles/ }).click()
    await expect(page.getByRole('region', { name: 'Conversation', exact: true })).toContainText('Where do kettles')
    await search.press('Escape')

    const row = list.getByRole('button', { name: /^Where do kettles/ })
    await row.focus()
    await row.press('F2')
    await page.keyboard.type('Kettles')
    await page.keyboard.press('Enter')
    await expect(list.getByRole('button', { name: /^Kettles/ })).toBeVisible()
    await page.getByRole('button', { name: 'Actions for Kettles' }).click()
    await page.getByRole('menuitem', { name: 'Pin' }).click()
    await expect(list.getByRole('region', { name: 'Pinned' })).toContainText('Kettles')
    await shoot('chat-list-light')
    await list.getByRole('button', { name: /^Kettles/ }).press('Delete')
    await expect(list.getByRole('button', { name: /^Kettles/ })).toBeHidden()
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(list.getByRole('button', { name: /^Kettles/ })).toBeVisible()
  },
)

test(
  'a question is edited and answered by another model, and each version can be read again',
  { tag: '@web' },
  async ({ session }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.startDemo()
    await window.chooseModel('hello-fp32')
    await window.ask('First wording')
    await expect(window.answer).toContainText(LAST_WORDS)
    await window.composer.press('ArrowUp')
    const editor = page.getByRole('textbox', { name: 'Edited question' })
    await editor.fill('Second wording')
    await editor.press('Enter')
    await expect(page.getByText('2/2')).toBeVisible()
    await expect(window.answer).toContainText(LAST_WORDS)
    await expect(page.getByText('First wording', { exact: true }).last()).toBeHidden()
    await window.answer.getByRole('button', { name: 'Answer again with another model' }).click()
    await page.getByRole('menuitem', { name: /thinking/ }).click()
    await expect(window.answer).toContainText('these sentences are the answer.')
    await expect(window.answer.getByRole('group', { name: 'Version 2 of 2' })).toBeVisible()
    await window.answer.getByRole('button', { name: 'Previous version' }).click()
    await expect(window.answer).toContainText(LAST_WORDS)
    await page.getByRole('button', { name: 'Previous version' }).first().click()
    await expect(page.getByRole('region', { name: 'Conversation', exact: true })).toContainText('First wording')
  },
)

test(
  'system prompt, parameters and a text file go with the question; files of other kinds are refused',
  { tag: '@web' },
  async ({ session, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.startDemo()
    await window.chooseModel('hello-fp32')
    await page.getByRole('button', { name: 'Parameters' }).click()
    await page.getByRole('radio', { name: 'Precise' }).click()
    await page.getByRole('textbox', { name: 'System prompt' }).fill('Be brief.')
    await shoot('chat-parameters-light')
    await page.keyboard.press('Escape')
    await expect(page.getByRole('button', { name: 'Preset: Precise' })).toBeVisible()
    const attach = page.getByTestId('attach')
    await attach.setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from([0x89, 0x50, 0, 0xff]) })
    await expect(page.getByRole('alert')).toContainText('photo.png is not a text file.')
    await attach.setInputFiles({ name: 'notes.md', mimeType: 'text/markdown', buffer: Buffer.from('zucchini') })
    await expect(page.getByText('notes.md')).toBeVisible()
    await window.ask('What is in it?')
    await expect(window.answer).toContainText(LAST_WORDS)
    await page.reload()
    await window.go('Chat')
    await expect(page.getByText('notes.md')).toBeVisible()
    await page.getByRole('button', { name: 'Parameters' }).click()
    await expect(page.getByRole('textbox', { name: 'System prompt' })).toHaveValue('Be brief.')
  },
)

test.describe('files of conversations', () => {
  // What refuses the wrong file answers 400.
  test.use({ expectedErrors: /400/ })
  test('conversations are exported to a file and imported from it', { tag: '@web' }, async ({ session, home }) => {
    const { page } = session
    const window = mainWindow(page)
    await window.startDemo()
    await window.chooseModel('hello-fp32')
    await window.ask('Export me')
    await expect(window.answer).toContainText(LAST_WORDS)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'More', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Export all conversations' }).click()
    const file = await download
    expect(file.suggestedFilename()).toBe('mlx-knife-chats.json')
    const path = join(home.folder, 'chats.json')
    await file.saveAs(path)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      format: 'mlx-knife-chats',
      version: 1,
      chats: [{ title: 'Export me' }],
    })
    await page.getByTestId('import').setInputFiles(path)
    await expect(page.getByText('1 conversation imported')).toBeVisible()
    await expect(page.getByRole('region', { name: 'Conversations' }).getByRole('button', { name: /^Export me/ })).toHaveCount(2)
    await page.getByTestId('import').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}') })
    await expect(page.getByRole('alert')).toContainText('This is no file of conversations')
  })
})

test(
  'a model that can be told not to think answers at once; a branch goes its own way; one shortcut searches all conversations',
  { tag: '@both' },
  async ({ session, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    const list = page.getByRole('region', { name: 'Conversations' })
    await window.startDemo()
    await window.chooseModel('hello-fp32')
    await expect(page.getByRole('button', { name: 'Thinking', exact: true })).toHaveCount(0)
    await window.chooseModel('thinking-fp32')
    const thinking = page.getByRole('button', { name: 'Thinking', exact: true })
    await expect(thinking).toHaveAttribute('aria-pressed', 'true')
    await thinking.click()
    await expect(thinking).toHaveAttribute('aria-pressed', 'false')
    await window.ask('Without a thought, please')
    await expect(window.answer).toContainText('these sentences are the answer.')
    await expect(window.answer.getByRole('button', { name: /Thought/ })).toHaveCount(0)
    await shoot('chat-thinking-off')

    await window.answer.getByRole('button', { name: 'Branch from here' }).click()
    await expect(list.getByRole('button', { name: /^Without a thought/ })).toHaveCount(2)
    await expect(thinking).toHaveAttribute('aria-pressed', 'false')
    await thinking.click()
    await window.ask('And now with one')
    await expect(window.answer.getByRole('button', { name: /Thought/ })).toBeVisible()

    await window.go('Models')
    await page.keyboard.press('ControlOrMeta+Shift+KeyF')
    await expect(page.getByRole('searchbox', { name: 'Search all text' })).toBeFocused()
    await page.keyboard.type('now with one')
    await expect(list.getByRole('listitem')).toHaveCount(1)
  },
)
