import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { violations } from '../../drivers/axe'
import { expect, test } from '../../drivers/test'
import { mainWindow } from '../../pages/main-window'
import { projectFile } from '../../setup/build'

// What is refused for want of space answers 507.
test.use({ expectedErrors: /status of 5\d\d/ })
test.beforeEach(({ home }) => {
  home.env['NODE_OPTIONS'] += ` --require ${JSON.stringify(projectFile('e2e/setup/fs-faults.cjs'))}`
  home.env['MLXK_TEST_FAULTS'] = JSON.stringify({ full: { name: 'chat.db', while: join(home.folder, 'full') } })
})

test(
  'a disk that gets full in a chat loses nothing: what is seen stays, the reason is said, and it is stored when there is room',
  { tag: '@web' },
  async ({ session, home, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    const full = join(home.folder, 'full')
    const answers = page.getByRole('article', { name: 'Answer' })
    await window.startDemo()
    await window.chooseModel('counting-fp32')
    await window.ask('How many sheep?')
    await expect(answers.first()).toContainText('Once more from the beginning!')
    writeFileSync(full, '')
    await expect(answers.first().getByText('The disk is full')).toBeVisible({ timeout: 30_000 })
    const said = await answers.first().locator('p').first().innerText()

    await window.chooseModel('hello-fp32')
    await window.ask('And now?')
    await expect(page.getByText('Free some space, then try again.')).toHaveCount(2)
    // What was typed is there to be sent again.
    await expect(window.composer).toHaveValue('And now?')
    await shoot('chat-disk-full')
    expect(await violations(page)).toEqual([])

    rmSync(full)
    await window.composer.press('Enter')
    await expect(answers.last()).toContainText('Have fun!')
    await page.reload()
    await expect(answers.last()).toContainText('Have fun!')
    await expect(answers.first().locator('p').first()).toHaveText(said)
    await expect(page.getByText('The disk is full')).toHaveCount(0)
  },
)
