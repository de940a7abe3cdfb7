import { expect, type Locator, type Page } from '@playwright/test'

/** The window as a person sees it: by roles and names. */
export interface MainWindow {
  tryDemo: Locator
  installEngine: Locator
  composer: Locator
  /** The newest answer. */
  answer: Locator
  stop: Locator
  serverFoot: Locator
  row: (model: string) => Locator
  detail: (model: string) => Locator
  go: (section: 'Models' | 'Discover' | 'Downloads' | 'Storage' | 'Chat' | 'Server' | 'Settings') => Promise<void>
  /** From the first-run page to a chat that is ready to be used. */
  startDemo: () => Promise<void>
  chooseModel: (name: string) => Promise<void>
  ask: (text: string) => Promise<void>
}

export function mainWindow(page: Page): MainWindow {
  const composer = page.getByRole('textbox', { name: 'Message' })
  const tryDemo = page.getByRole('button', { name: 'Try the built-in demo model' })
  const go: MainWindow['go'] = async (section) => {
    await page.getByRole('navigation', { name: 'Sections' }).getByRole('button', { name: section }).click()
  }
  return {
    tryDemo,
    installEngine: page.getByRole('button', { name: 'Install engine' }),
    composer,
    answer: page.getByRole('article', { name: 'Answer' }).last(),
    stop: page.getByRole('button', { name: /^Stop( |$)/ }),
    serverFoot: page.getByRole('button', { name: /Server details/ }),
    row: (model) => page.getByRole('row').filter({ hasText: model }),
    detail: (model) => page.getByRole('region', { name: `Details of ${model}` }),
    go,
    startDemo: async () => {
      await tryDemo.click()
      await expect(composer).toBeVisible()
    },
    chooseModel: async (name) => {
      await page.getByRole('combobox', { name: /^Model: / }).click()
      // The list cuts long names in their middle, which may read as a space.
      await page.getByRole('option', { name: new RegExp(name.replaceAll('-', ' ?-')) }).click()
      await expect(page.getByRole('combobox', { name: `Model: ${name}` })).toBeVisible()
    },
    ask: async (text) => {
      await composer.fill(text)
      await composer.press('Enter')
    },
  }
}
