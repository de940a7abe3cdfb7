import { expect, it, vi } from 'vitest'
import type { AppState, ModelSummary } from '../../shared/contract'
import { en } from '../lib/messages/en'
import { createMemory } from '../lib/memory'
import { fakeClient } from '../testing/fake-client'
import { aChat, aChatDetail, aMessage } from '../testing/chats'
import { aModel } from '../testing/fixtures'
import { createWindow } from './create-window'

const demoRoot = { path: '/data/demo/hub', kind: 'demo' } as const
const models = ['d/counting', 'd/hello', 'd/thinking'].map((name) => aModel(name, { root: demoRoot }))

/** A window on an owner with these models, once it has listed them. */
async function open(storage: Map<string, string>, list: ModelSummary[] = models) {
  const state: Partial<AppState> = {
    loaded: [],
    jobs: [],
    demo: { enabled: true, models: ['d/hello', 'd/counting', 'd/thinking'] },
    models: { revision: 1 },
    chats: { revision: 1 },
  }
  const { transport } = fakeClient(
    {
      'models.list': () => ({ models: list, count: list.length, roots: [] }),
      'chats.list': () => ({ chats: [], next: null, set_aside: null }),
      'chats.create': () => aChatDetail('c'),
      'chats.get': () => ({ chat: aChatDetail('c', { model: null }), messages: [], more: false }),
    },
    {
      'state.watch': async function* () {
        yield { revision: 1, changes: state }
        await new Promise(() => undefined)
      },
      'chats.send': async function* (input) {
        const { model } = input as { model: string }
        yield { type: 'begun', chat: aChat('c'), question: null, answer: aMessage('a', { role: 'assistant', model }) }
      },
    },
  )
  const app = createWindow({
    openLink: () => Promise.resolve({ transport, close: () => undefined }),
    onRefused: () => undefined,
    host: { isApp: false, isMac: true },
    messages: en,
    localeOf: () => 'en-GB',
    memory: createMemory(() => ({
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => void storage.set(key, value),
      removeItem: (key) => void storage.delete(key),
    })),
  })
  app.connection.start()
  await vi.waitFor(() => expect(app.stores.models.getState().list).not.toBeNull())
  await vi.waitFor(() => expect(app.stores.chat.getState().model).not.toBeNull())
  return app
}

it('a new window chats with the demo model that ends its answer, and later with the one asked last', async () => {
  const storage = new Map<string, string>()
  const first = await open(storage)
  expect(first.stores.chat.getState().model).toBe('d/hello')
  first.chat.setModel('d/thinking')
  expect(storage.size).toBe(0)
  first.chat.setInput('Hello')
  await first.chat.send()
  first.connection.stop()
  const second = await open(storage)
  expect(second.stores.chat.getState().model).toBe('d/thinking')
  second.connection.stop()
})

it('a browser that keeps nothing is no reason not to work', () => {
  const memory = createMemory(() => {
    throw new DOMException('denied', 'SecurityError')
  })
  memory.write('chat.model', 'x')
  expect(memory.read('chat.model')).toBeNull()
})

it('a new window opens where the last one was, with what stood beside it; nonsense is no place', async () => {
  const storage = new Map<string, string>()
  const first = await open(storage)
  expect(storage.has('mlxk.place')).toBe(false)
  first.view.openSettings('privacy')
  first.view.toggleSidebar(false)
  first.connection.stop()
  const second = await open(storage)
  expect(second.stores.view.getState()).toMatchObject({
    view: 'settings',
    settingsSection: 'privacy',
    sidebarShown: false,
    detailShown: true,
  })
  second.connection.stop()
  for (const odd of ['', 'attic about', 'models', 'constructor toString', 'x'.repeat(10_000)]) {
    const third = await open(new Map([['mlxk.place', odd]]))
    expect(third.stores.view.getState()).toMatchObject({ view: 'models', settingsSection: 'appearance', sidebarShown: true })
    third.connection.stop()
  }
})
