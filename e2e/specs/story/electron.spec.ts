import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { launchApp, runElectron } from '../../drivers/electron'
import { enginePids, expect, isAlive, test } from '../../drivers/test'
import { trayOf } from '../../drivers/tray'
import type { Home, Session } from '../../drivers/types'
import { startDaemon } from '../../drivers/web'
import { mainWindow } from '../../pages/main-window'

test.describe.configure({ mode: 'default' })

const appOf = (session: Session) => {
  if (session.app === null) throw new Error('this is no Electron')
  return session.app
}

interface Record {
  pid: number
  control: { url: string }
  api: { url: string; port: number } | null
}
const recordOf = (home: Home): Record => JSON.parse(readFileSync(join(home.data, 'run', 'control.json'), 'utf8')) as Record

/** Pid of the owner that has announced itself, null between two of them. */
const ownerPid = (home: Home): number | null => {
  try {
    return recordOf(home).pid
  } catch {
    return null
  }
}

/** True when nobody listens there. */
const isFree = (url: string): Promise<boolean> =>
  new Promise((done) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => (socket.destroy(), done(false)))
    socket.once('error', () => done(true))
  })

test(
  'the menu tells the truth, loads and unloads a model and copies the address',
  { tag: '@electron' },
  async ({ session, home }) => {
    const app = appOf(session)
    const tray = trayOf(app)
    await mainWindow(session.page).startDemo()
    const { api } = recordOf(home)
    await expect.poll(async () => (await tray.labels())[0]).toBe(`Server Ready on Port ${api?.port}`)
    expect(await tray.labels()).toContain('Nothing Loaded')

    await tray.click('Copy Base URL')
    expect(await app.evaluate(({ clipboard }) => clipboard.readText())).toBe(`${api?.url}/v1`)

    await expect
      .poll(() => tray.labelsUnder('Load Model'))
      .toEqual(expect.arrayContaining(['hello-fp32', 'counting-fp32', 'All Models…']))
    await tray.click('Load Model', 'hello-fp32')
    await expect.poll(async () => (await tray.labels()).find((label) => label.startsWith('hello-fp32'))).toMatch(/ [MG]B$/)
    expect(await tray.labelsUnder('Load Model')).not.toContain('hello-fp32')
    await expect.poll(() => tray.tooltip()).toMatch(/^MLX Knife: server ready, 1 model, /)
    await tray.click('hello-fp32', 'Unload')
    await expect.poll(() => tray.labels()).toContain('Nothing Loaded')
    await expect.poll(() => enginePids(home)).toEqual([])

    await tray.click('Stop Server')
    await expect.poll(async () => (await tray.labels())[0]).toBe('Server Stopped')
    await tray.click('Start Server')
    await expect.poll(async () => (await tray.labels())[0]).toMatch(/^Server Ready on Port/)
  },
)

test('the menu opens the window where it is asked to', { tag: '@electron' }, async ({ session }) => {
  const app = appOf(session)
  const tray = trayOf(app)
  await expect(mainWindow(session.page).tryDemo).toBeVisible()
  await tray.click('New Chat')
  await expect(mainWindow(session.page).composer).toBeVisible()
  await tray.click('Models')
  await expect(mainWindow(session.page).tryDemo).toBeVisible()
  await session.page.close()
  const opened = app.waitForEvent('window')
  await tray.click('New Chat')
  await expect(mainWindow(await opened).composer).toBeVisible()
})

test(
  'closing the window leaves the app running; a second start shows it again and ends',
  { tag: '@electron' },
  async ({ session, home }) => {
    const app = appOf(session)
    await expect(mainWindow(session.page).tryDemo).toBeVisible()
    await session.page.close()
    const opened = app.waitForEvent('window')
    const second = await runElectron(home, [])
    expect(second.code).toBe(0)
    await expect(mainWindow(await opened).tryDemo).toBeVisible()
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
    expect(recordOf(home).pid).toBe(session.pid)
  },
)

test(
  'a window that is opened after a restart has the size, the section and the parts of the last one',
  { tag: '@electron' },
  async ({ home, driver }) => {
    const first = await driver.start(home, () => undefined)
    await expect(mainWindow(first.page).tryDemo).toBeVisible()
    await mainWindow(first.page).go('Server')
    await expect(first.page.getByRole('heading', { name: 'Server', level: 1 })).toBeVisible()
    const sizeOf = (session: Session) =>
      appOf(session).evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds())
    await appOf(first).evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(1000, 700))
    await expect.poll(() => sizeOf(first)).toMatchObject({ width: 1000, height: 700 })
    await first.close()
    // As a hand opens it: the driver would make it the size of every test.
    const app = await launchApp(home)
    try {
      const page = await app.firstWindow()
      await expect(page.getByRole('heading', { name: 'Server', level: 1 })).toBeVisible()
      const bounds = await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds())
      expect(bounds).toMatchObject({ width: 1000, height: 700 })
    } finally {
      await app.close()
    }
  },
)

test('quitting leaves no process and no port behind', { tag: '@electron' }, async ({ session, home }) => {
  const window = mainWindow(session.page)
  await window.startDemo()
  await window.chooseModel('hello-fp32')
  await window.ask('Hello')
  await expect(window.answer).toContainText('Have fun!')
  const engines = enginePids(home)
  const { control, api } = recordOf(home)
  expect(engines).toHaveLength(1)
  expect(await isFree(control.url)).toBe(false)

  await session.close()
  await expect.poll(() => [session.pid, ...engines].filter((pid) => isAlive(pid))).toEqual([])
  expect(await isFree(control.url)).toBe(true)
  expect(await isFree(api?.url ?? '')).toBe(true)
  expect(enginePids(home)).toEqual([])
})

test('a signal quits as well, also while an answer is written', { tag: '@electron' }, async ({ session, home }) => {
  const window = mainWindow(session.page)
  await window.startDemo()
  await window.chooseModel('counting-fp32')
  await window.ask('Count')
  await expect(window.answer).toContainText('sheep')
  const engines = enginePids(home)
  process.kill(session.pid, 'SIGTERM')
  await expect.poll(() => [session.pid, ...engines].filter((pid) => isAlive(pid))).toEqual([])
})

test('the window is shut in: sandbox, isolation, no way out', { tag: '@electron' }, async ({ session }) => {
  const app = appOf(session)
  const { page } = session
  await expect(mainWindow(page).tryDemo).toBeVisible()
  const preferences = await app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
      getLastWebPreferences: () => Electron.WebPreferences
    }
    const { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity } = contents.getLastWebPreferences()
    return { sandbox, contextIsolation, nodeIntegration, webviewTag: webviewTag ?? false, webSecurity: webSecurity ?? true }
  })
  expect(preferences).toEqual({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webviewTag: false,
    webSecurity: true,
  })
  expect(await page.evaluate(() => Object.keys((globalThis as unknown as { mlxk: object }).mlxk).sort())).toEqual([
    'openPort',
    'platform',
    'reveal',
  ])
  expect(await page.evaluate(() => ['require', 'process', 'module'].filter((name) => name in globalThis))).toEqual([])

  const before = page.url()
  await page.evaluate(() => {
    location.href = 'https://example.com/'
  })
  expect(await page.evaluate(() => window.open('http://127.0.0.1:9/') === null)).toBe(true)
  expect(await page.evaluate(() => navigator.permissions.query({ name: 'geolocation' }).then(({ state }) => state))).toBe('denied')
  expect(page.url()).toBe(before)
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
})

test('with a command the app is the command line, also while it runs', { tag: '@electron' }, async ({ session, home }) => {
  await mainWindow(session.page).startDemo()
  const list = await runElectron(home, ['list', '--json'])
  expect(list.code).toBe(0)
  const document = JSON.parse(list.stdout) as { status: string; command: string; data: { models: { name: string }[] } }
  expect(document).toMatchObject({ status: 'success', command: 'list' })
  expect(document.data.models.map(({ name }) => name)).toContain('mlx-knife-demo/hello-fp32')

  const unknown = await runElectron(home, ['show', 'no-such-model', '--json'])
  expect(unknown.code).toBe(1)
  expect(JSON.parse(unknown.stdout)).toMatchObject({ status: 'error', error: { type: 'model_not_found' } })

  const wrong = await runElectron(home, ['no-such-command'])
  expect(wrong.code).toBe(2)
  expect(wrong.stdout).toBe('')
})

test.describe('a data folder that somebody owns already', () => {
  test(
    'the app shows that owner, leaves it running, and takes over when it has gone',
    { tag: '@electron' },
    async ({ home, driver }) => {
      const serve = await startDaemon(home, ['serve', '--port', '0'])
      const session = await driver.start(home, () => undefined)
      try {
        const tray = trayOf(appOf(session))
        const port = new URL(serve.url).port
        await expect.poll(async () => (await tray.labels())[0]).toBe(`Server Ready on Port ${port}`)
        await expect(mainWindow(session.page).serverFoot).toContainText(`:${port}`)
        expect(recordOf(home).pid).toBe(serve.pid)
        // The page works through it, too.
        await mainWindow(session.page).startDemo()

        await serve.stop()
        await expect.poll(() => ownerPid(home), { timeout: 20_000 }).toBe(session.pid)
        await expect(mainWindow(session.page).composer).toBeVisible()
        await expect.poll(async () => (await tray.labels())[0]).toMatch(/^Server Ready on Port/)
      } finally {
        await session.close()
        await serve.stop()
      }
    },
  )

  test('quitting the app does not end it', { tag: '@electron' }, async ({ home, driver }) => {
    const serve = await startDaemon(home, ['serve', '--port', '0'])
    const session = await driver.start(home, () => undefined)
    await expect(mainWindow(session.page).tryDemo).toBeVisible()
    await session.close()
    expect(isAlive(serve.pid)).toBe(true)
    await serve.stop()
  })
})
