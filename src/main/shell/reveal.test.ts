import { describe, expect, test, vi } from 'vitest'
import { serveReveal } from './reveal'

const page = { url: 'mlxk://app/index.html', parent: null }

function setUp(folder: string | null = '/hub/models--org--m/snapshots/a') {
  let handler: ((event: Electron.IpcMainInvokeEvent, model: unknown) => unknown) | null = null
  const folderOf = vi.fn<(model: string) => Promise<string | null>>(() => Promise.resolve(folder))
  const show = vi.fn<(path: string) => void>()
  serveReveal({
    ipcMain: {
      handle: (_channel, listener) => {
        handler = listener
      },
    },
    knownContents: new Set([7]),
    folderOf,
    show,
  })
  const ask = async (model: unknown, frame: object | null = page, id = 7): Promise<unknown> =>
    handler?.({ sender: { id }, senderFrame: frame } as unknown as Electron.IpcMainInvokeEvent, model)
  return { ask, folderOf, show }
}

describe('showing a model in the file manager', () => {
  test('opens the folder that the owner names for the model', async () => {
    const { ask, folderOf, show } = setUp()
    await ask('org/m')
    expect(folderOf).toHaveBeenCalledExactlyOnceWith('org/m')
    expect(show).toHaveBeenCalledExactlyOnceWith('/hub/models--org--m/snapshots/a')
  })

  test.each([
    ['a page that is not ours', 'org/m', { url: 'https://example.com/', parent: null }, 7],
    ['a frame in our page', 'org/m', { ...page, parent: {} }, 7],
    ['a window that we did not open', 'org/m', page, 8],
    ['a frame that is gone', 'org/m', null, 7],
    ['no name', { path: '/etc' }, page, 7],
    ['an endless name', 'x'.repeat(600), page, 7],
  ])('refuses %s, and asks and shows nothing', async (_name, model, frame, id) => {
    const { ask, folderOf, show } = setUp()
    await expect(ask(model, frame, id)).rejects.toThrow(/may not|no name/)
    expect(folderOf).not.toHaveBeenCalled()
    expect(show).not.toHaveBeenCalled()
  })

  test('says so when there is no folder', async () => {
    const { ask, show } = setUp(null)
    await expect(ask('org/m')).rejects.toMatchObject({ code: 'model_not_found' })
    expect(show).not.toHaveBeenCalled()
  })
})
