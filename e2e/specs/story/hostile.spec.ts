import { join } from 'node:path'
import { writeScriptedModel } from '../../../src/main/core/demo'
import { expect, test } from '../../drivers/test'
import { healthyModel } from '../../fixtures/cache'
import { mainWindow } from '../../pages/main-window'

/** Says script, a picture of a stranger, a link that is none, letters from right to left and letters without width. */
const WORDS =
  'Look: <script>globalThis.hacked=1</script> <img src="http://evil.test/x.png" onerror="globalThis.hacked=2"> [click](javascript:globalThis.hacked=3) ![pixel](https://evil.test/pixel.png) \u202Eemordnilap\u202C zero\u200Bwidth. The end.'
const NAMES = [
  `evil/x<img src=x onerror=globalThis.hacked=4>`,
  'evil/\u202Egnp.elpmis',
  'evil/zero\u200Bwidth',
  `evil/${'a-very-long-name-'.repeat(12)}`,
]

// A folder's name that no Hub would take is shown, and asked for in vain.
test.use({ expectedErrors: /status of 400/ })

test(
  'names, cards and answers of strangers are text: nothing of them runs, and nothing is fetched for them',
  { tag: '@web' },
  async ({ session, home, shoot }) => {
    const { page } = session
    const window = mainWindow(page)
    const cache = join(home.folder, 'hf', 'hub')
    const strange: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL(page.url()).origin) && !request.url().startsWith('data:')) strange.push(request.url())
    })
    await writeScriptedModel(cache, { name: 'evil/parrot', script: WORDS })
    for (const name of NAMES) healthyModel(cache, name)
    // A page that is left before it has traded its code for a token has to be opened anew.
    await expect(window.serverFoot).toHaveAccessibleName(/ready:\d+/)
    await page.reload()
    const sane = async (): Promise<void> => {
      expect(await page.evaluate(() => (globalThis as unknown as { hacked?: number }).hacked)).toBe(undefined)
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= globalThis.innerWidth)).toBe(true)
      expect(strange).toEqual([])
    }
    await window.go('Models')
    for (const part of ['onerror', 'elpmis', 'width', 'a-very-long-name']) await expect(window.row(part), part).toHaveCount(1)
    // What hides in a name is shown by its number.
    await expect(window.row('‹U+202E›')).toHaveCount(1)
    await expect(window.row('zero‹U+200B›width')).toHaveCount(1)
    await window.row('onerror').click()
    await expect(page.getByRole('heading', { name: 'x<img src=x onerror=globalThis.hacked=4>' })).toBeVisible()
    await shoot('hostile-models-light')
    await sane()

    await page.keyboard.press('Control+k')
    await page.keyboard.type('onerror')
    await expect(page.getByRole('option', { name: /onerror/ }).first()).toBeVisible()
    await sane()
    await page.keyboard.press('Escape')

    await window.go('Chat')
    await window.chooseModel('parrot')
    await window.ask('<script>globalThis.hacked=5</script>')
    await expect(window.answer).toContainText('The end.')
    await expect(window.answer).toContainText('<script>globalThis.hacked=1</script>')
    await expect(window.answer.locator('img, script, iframe')).toHaveCount(0)
    await expect(window.answer.getByRole('link', { name: 'click' })).toHaveCount(0)
    await expect(window.answer.getByRole('link', { name: /evil\.test/ })).toHaveCount(1)
    await shoot('hostile-chat-light')
    await sane()
    expect(await page.title()).toBe('Chat · MLX Knife')
  },
)
