import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { violations } from '../../drivers/axe'
import { expect, test } from '../../drivers/test'
import { healthyModel, repoPath } from '../../fixtures/cache'
import { mainWindow } from '../../pages/main-window'

const SECRET = 'zweiundvierzig pinguine'

// A window that asks for a conversation in the moment in which all go is refused, and asks again.
test.use({ expectedErrors: /status of (404|409)/ })

test(
  'everything about a person goes after they have seen it and typed a word; the cache stays; all goes on',
  { tag: '@both' },
  async ({ session, home, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    const model = healthyModel(join(home.folder, 'hf', 'hub'))
    const has = (file: string): boolean => existsSync(join(home.data, file))
    await window.go('Settings')
    const go = (name: string) => page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name }).click()
    await go('Models')
    await page.getByRole('switch', { name: 'Built-in demo models' }).click()
    await window.go('Chat')
    await window.chooseModel('hello-fp32')
    await window.ask(SECRET)
    await expect(window.answer).toContainText('Have fun!')
    await expect(
      page
        .getByRole('option', { name: /pinguine/ })
        .or(page.getByRole('button', { name: /pinguine/ }))
        .first(),
    ).toBeVisible()

    await window.go('Settings')
    await go('Privacy')
    await expect(page.getByRole('list', { name: 'Stored about you' }).getByRole('listitem').first()).toContainText(/\d+ [KM]B/)
    await page.getByRole('button', { name: 'Delete all…' }).click()
    const sheet = page.getByRole('alertdialog', { name: 'Delete everything stored about you?' })
    await expect(sheet.getByRole('list', { name: 'What goes' })).toContainText('Conversations')
    await expect(sheet.getByText('The Hugging Face cache with its models stays')).toBeVisible()
    await shoot('settings-delete-all')
    expect(await violations(page)).toEqual([])
    const act = sheet.getByRole('button', { name: /^Delete all, / })
    await expect(act).toHaveAttribute('aria-disabled', 'true')
    expect(has('chat.db')).toBe(true)
    await sheet.getByRole('textbox').fill('delete')
    await act.click()
    await expect(page.getByRole('region', { name: 'Notes' }).getByText(/Everything about you was deleted/)).toBeVisible()

    for (const file of ['settings.json', 'last-used.json', 'downloads/queue.json']) expect(has(file), file).toBe(false)
    // The window has asked for its list since: there is a file again, with nothing in it.
    for (const file of readdirSync(home.data).filter((name) => name.startsWith('chat.db')))
      expect(readFileSync(join(home.data, file), 'latin1'), file).not.toContain(SECRET)
    const logs = readdirSync(join(home.data, 'logs')).map((name) => readFileSync(join(home.data, 'logs', name), 'utf8'))
    expect(logs.join('')).not.toContain('"msg":"started"')
    expect(await page.evaluate(() => Object.values(localStorage).join())).not.toContain('hello-fp32')
    expect(existsSync(model.snapshot)).toBe(true)
    expect(existsSync(repoPath(join(home.folder, 'hf', 'hub'), model.name))).toBe(true)

    // Nothing is broken: the history begins anew, and is kept.
    await go('Models')
    await page.getByRole('switch', { name: 'Built-in demo models' }).click()
    await window.go('Chat')
    await expect(page.getByText(SECRET)).toHaveCount(0)
    await window.chooseModel('hello-fp32')
    await window.ask('a new beginning')
    await expect(window.answer).toContainText('Have fun!')
    if (session.app === null) await page.reload()
    await window.go('Chat')
    await expect(page.getByText('a new beginning').first()).toBeVisible()
  },
)
