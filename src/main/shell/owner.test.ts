import { describe, expect, test, vi } from 'vitest'
import type { AppContract, StateFrame } from '../../shared/contract'
import { AppError } from '../../shared/errors'
import { createClient, type Dispatcher } from '../../shared/rpc'
import { createOwnerWatch, type Owner, type ShellView } from './owner'
import { aModel, aState } from './test-states'

/** An owner whose state stream is fed by the test. */
function fakeOwner(mode: Owner['mode'], models = [aModel()]) {
  let push: (frame: StateFrame | null) => void = () => undefined
  const queue: (StateFrame | null)[] = []
  const dispatcher: Dispatcher = async function* (name, _input, signal) {
    if (name === 'models.list') yield { type: 'data', data: { models, count: models.length, roots: [] } }
    if (name !== 'state.watch') return yield { type: 'end' }
    for (;;) {
      const next =
        queue.length > 0
          ? queue.shift()
          : await new Promise<StateFrame | null>((resolve) => {
              push = resolve
              signal.addEventListener('abort', () => resolve(null))
            })
      if (next === null || next === undefined) {
        yield { type: 'error', error: { code: 'connection_lost', message: 'gone' } }
        return
      }
      yield { type: 'data', data: next }
    }
  }
  const owner = {
    mode,
    dispatcher,
    client: createClient<AppContract>({ open: dispatcher }),
    close: vi.fn(async () => undefined),
  } satisfies Owner
  const send = (frame: StateFrame | null): void => {
    queue.push(frame)
    push(queue.shift() ?? null)
  }
  return { owner, send, feed: (frame: StateFrame) => queue.push(frame) }
}

function watch(open: () => Promise<Owner>) {
  const views: ShellView[] = []
  const owners: (Owner | null)[] = []
  const watching = createOwnerWatch({
    open,
    onOwner: (owner) => owners.push(owner),
    onView: (view) => views.push(view),
    sleep: async () => undefined,
  })
  return { watching, views, owners }
}

describe('the owner watch', () => {
  test('mirrors the state, merges later frames and lists the models', async () => {
    const { owner, feed, send } = fakeOwner('own')
    feed({ revision: 1, changes: aState() })
    const { watching } = watch(async () => owner)
    await vi.waitFor(() => expect(watching.view().models).toHaveLength(1))
    send({ revision: 2, changes: { demo: { enabled: true, models: [] } } })
    await vi.waitFor(() => expect(watching.view().state?.demo.enabled).toBe(true))
    expect(watching.view().state?.server.state).toBe('ready')
    await watching.close()
    expect(owner.close).toHaveBeenCalledOnce()
  })

  test('finds the next owner when an attached one goes away', async () => {
    const first = fakeOwner('attached')
    const second = fakeOwner('own')
    first.feed({ revision: 1, changes: aState({ server: 'ready' }) })
    second.feed({ revision: 1, changes: aState({ server: 'stopped' }) })
    const open = vi.fn(async () => second.owner as Owner).mockResolvedValueOnce(first.owner)
    const { watching, owners } = watch(open)
    await vi.waitFor(() => expect(watching.view().state?.server.state).toBe('ready'))
    first.send(null)
    await vi.waitFor(() => expect(watching.view().state?.server.state).toBe('stopped'))
    expect(owners).toEqual([first.owner, null, second.owner])
    expect(first.owner.close).toHaveBeenCalledOnce()
    await watching.close()
  })

  test('says why there is no owner, and tries again', async () => {
    const { owner, feed } = fakeOwner('own')
    feed({ revision: 1, changes: aState() })
    const open = vi.fn(async () => owner as Owner).mockRejectedValueOnce(new AppError('disk_full', 'The disk is full.'))
    const { watching, views } = watch(open)
    await vi.waitFor(() => expect(watching.view().state).not.toBeNull())
    expect(views[0]).toMatchObject({ state: null, problem: 'The disk is full.' })
    expect(watching.view().problem).toBeNull()
    await watching.close()
  })

  test('ends an owner that was still opening when the app quit', async () => {
    const { owner } = fakeOwner('own')
    let opened: (owner: Owner) => void = () => undefined
    const { watching } = watch(() => new Promise((resolve) => (opened = resolve)))
    const closed = watching.close()
    opened(owner)
    await closed
    expect(owner.close).toHaveBeenCalledOnce()
  })
})
