import { describe, expect, it, vi } from 'vitest'
import { AppError } from '../../../shared/errors'
import { fakeClient } from '../../testing/fake-client'
import { anEngine, anInstall } from '../../testing/fixtures'
import { createEngineActions, createEngineStore } from './store'

const demo = { enabled: true, models: ['mlx-knife-demo/hello-fp32'] }

function setUp(methods: Parameters<typeof fakeClient>[0], state: 'missing' | 'ready') {
  const store = createEngineStore()
  store.setState({ engine: anEngine(state) })
  const openChat = vi.fn<(model: string | null) => void>()
  const { client, asked } = fakeClient(methods)
  return { store, openChat, asked, actions: createEngineActions(client, store, openChat) }
}

describe('engine set-up', () => {
  it('the demo is turned on, the missing engine installed, and the chat opened when it is ready', async () => {
    const { store, openChat, asked, actions } = setUp(
      { 'demo.enable': () => demo, 'jobs.start': () => ({ id: 'job-1' }) },
      'missing',
    )
    await actions.tryDemo()
    expect(asked.map(([name]) => name)).toEqual(['demo.enable', 'jobs.start'])
    expect(store.getState().flow).toEqual({ step: 'waiting', jobId: 'job-1' })
    expect(openChat).not.toHaveBeenCalled()

    store.setState({ engine: anEngine('ready'), jobs: [anInstall('done')] })
    actions.onState()
    expect(openChat).toHaveBeenCalledExactlyOnceWith('mlx-knife-demo/hello-fp32')
  })

  it('with a ready engine the chat opens at once and nothing is installed', async () => {
    const { openChat, asked, actions } = setUp({ 'demo.enable': () => demo }, 'ready')
    await actions.tryDemo()
    expect(asked.map(([name]) => name)).toEqual(['demo.enable'])
    expect(openChat).toHaveBeenCalledOnce()
  })

  it('a cancelled installation does not open the chat later', async () => {
    const methods = { 'demo.enable': () => demo, 'jobs.start': () => ({ id: 'job-1' }), 'jobs.cancel': () => ({}) }
    const { store, openChat, actions } = setUp(methods, 'missing')
    await actions.tryDemo()
    await actions.cancel('job-1')
    store.setState({ engine: anEngine('ready') })
    actions.onState()
    expect(openChat).not.toHaveBeenCalled()
  })

  it('cancelling what has just ended is no error', async () => {
    const gone = () => Promise.reject(new AppError('job_not_found', 'It has ended.'))
    const { store, actions } = setUp({ 'jobs.cancel': gone }, 'missing')
    await actions.cancel('job-1')
    expect(store.getState().error).toBeNull()
  })

  it('keeps the reason when the installation cannot be started', async () => {
    const busy = () => Promise.reject(new AppError('busy', 'Another installation runs.'))
    const { store, actions } = setUp({ 'jobs.start': busy }, 'missing')
    await actions.install()
    expect(store.getState().error).toMatchObject({ code: 'busy' })
  })
})
