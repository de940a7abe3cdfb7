import { createServer } from 'node:http'
import { startDaemon } from '../../drivers/web'
import { expect, test } from '../../drivers/test'
import { mainWindow } from '../../pages/main-window'

test.describe('a page without a right to be there', () => {
  test.use({ expectedErrors: /401/, engine: 'missing' })

  test('says that its link is used up, and how to get another', { tag: '@web' }, async ({ session }) => {
    const { page } = session
    const { origin } = new URL(page.url())
    // Only a page that has traded its own code for a token can lose that token.
    await expect(mainWindow(page).tryDemo).toBeVisible()
    await page.evaluate(() => sessionStorage.clear())
    await page.goto('about:blank')
    await page.goto(`${origin}/#code=not-a-code`)
    await expect(page.getByRole('heading', { name: 'This page has no access' })).toBeVisible()
    await expect(page.getByText('mlxk ui')).toBeVisible()
    await page.evaluate(() => sessionStorage.setItem('mlxk.ticket', 'a'.repeat(43)))
    await page.reload()
    await expect(page.getByRole('heading', { name: 'This page has no access' })).toBeVisible()
  })

  test('the code leaves the address at once', { tag: '@web' }, async ({ session }) => {
    await expect(mainWindow(session.page).tryDemo).toBeVisible()
    expect(session.page.url()).not.toContain('code')
  })
})

test.describe('a page whose daemon starts anew', () => {
  test.use({
    expectedErrors: /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)|503/,
    engine: 'missing',
  })

  test('says that nobody answers, keeps what was typed, and finds the new one', { tag: '@web' }, async ({ session, home }) => {
    const { page } = session
    const window = mainWindow(page)
    await expect(window.tryDemo).toBeVisible()
    await window.go('Chat')
    await window.composer.fill('half a sentence')
    process.kill(session.pid, 'SIGTERM')
    await expect(page.getByText('MLX Knife is not answering.')).toBeVisible()
    const next = await startDaemon(home)
    await expect(page.getByText('MLX Knife is not answering.')).toBeHidden()
    await expect(window.composer).toHaveValue('half a sentence')

    // A page that is opened then begins where the last one was.
    await page.keyboard.press('Alt+s')
    await expect(page.getByRole('navigation', { name: 'Sections' })).toBeHidden()
    const another = await page.context().newPage()
    await page.close()
    await another.goto(next.url)
    await expect(mainWindow(another).composer).toBeVisible()
    await expect(another.getByRole('navigation', { name: 'Sections' })).toBeHidden()
    await next.stop()
  })
})

test.describe('a page whose port a stranger takes', () => {
  test.use({
    expectedErrors: /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)|503|401/,
    engine: 'missing',
  })

  test('tells the stranger nothing, and works again with the true owner', { tag: '@web' }, async ({ session, home }) => {
    const { page } = session
    const window = mainWindow(page)
    await expect(window.tryDemo).toBeVisible()
    const { port, origin } = new URL(page.url())
    const ended = page.waitForEvent('requestfailed')
    process.kill(session.pid, 'SIGTERM')
    await ended
    const heard: { url: string; headers: string; body: string }[] = []
    let wake = (): void => undefined
    const stranger = createServer((request, response) => {
      let body = ''
      request.on('data', (part: Buffer) => (body += part.toString()))
      request.on('end', () => {
        heard.push({ url: request.url ?? '', headers: JSON.stringify(request.headers), body })
        // Says yes to everything.
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ instance_id: 'me', proof: 'x'.repeat(43), token: 'y'.repeat(43) }))
        if (heard.length > 1) wake()
      })
    })
    const twice = new Promise<void>((done) => (wake = done))
    await expect
      .poll(
        () =>
          new Promise<boolean>((done) => {
            stranger.once('error', () => done(false))
            stranger.listen(Number(port), '127.0.0.1', () => done(true))
          }),
      )
      .toBe(true)
    await twice
    await expect(page.getByText('MLX Knife is not answering.')).toBeVisible()
    expect([...new Set(heard.map(({ url }) => url))]).toEqual(['/auth/hello'])
    expect(heard.map(({ headers }) => headers).join()).not.toContain('authorization')
    for (const { body } of heard) expect(Object.keys(JSON.parse(body) as object)).toEqual(['nonce'])
    // All that a page of the stranger's could read at this address.
    const ticket = await page.evaluate(() => sessionStorage.getItem('mlxk.ticket'))
    expect(await page.evaluate(() => sessionStorage.length + localStorage.length)).toBe(1)
    stranger.closeAllConnections()
    await new Promise((done) => stranger.close(done))
    const next = await startDaemon(home)
    expect(new URL(next.url).origin).toBe(origin)
    await expect(page.getByText('MLX Knife is not answering.')).toBeHidden()
    await expect(window.tryDemo).toBeEnabled()
    const answer = await fetch(`${origin}/auth/exchange`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ticket }),
    })
    expect(answer.status).toBe(401)
    await page.reload()
    await expect(window.tryDemo).toBeVisible()
    await next.stop()
  })
})
