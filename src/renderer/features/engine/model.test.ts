import { describe, expect, it } from 'vitest'
import { anEngine, anInstall } from '../../testing/fixtures'
import { chooseDemoModel, demoStep, engineView, type DemoFlow } from './model'

const failure = { code: 'engine_install_failed', message: 'No Python was found.' } as const

describe('what the window says of the engine', () => {
  it('knows nothing before the first frame', () => expect(engineView(null, [])).toEqual({ kind: 'unknown' }))

  it('a running installation can be cancelled, one that somebody else runs cannot', () => {
    const progress = { step: 'install_packages', message: 'x', fraction: 0.5 } as const
    expect(engineView(anEngine('missing'), [anInstall('running', { progress })])).toEqual({
      kind: 'installing',
      jobId: 'job-1',
      progress,
    })
    expect(engineView(anEngine('installing'), [])).toEqual({ kind: 'installing', jobId: null, progress: null })
  })

  it('a failed installation is shown until the engine works or a new try begins', () => {
    const failed = anInstall('failed', { error: failure })
    expect(engineView(anEngine('missing'), [failed])).toEqual({ kind: 'failed', jobId: 'job-1', error: failure })
    expect(engineView(anEngine('ready'), [failed])).toEqual({ kind: 'ready' })
    const again = anInstall('running', { id: 'job-2', started_at: '2026-11-01T11:00:00Z' })
    expect(engineView(anEngine('missing'), [again, failed])).toMatchObject({ kind: 'installing', jobId: 'job-2' })
  })

  it('a cancelled installation leaves the engine missing, without an error', () => {
    expect(engineView(anEngine('missing'), [anInstall('cancelled')])).toEqual({ kind: 'missing' })
  })

  it('a broken engine says why', () => {
    expect(engineView(anEngine('broken', { reason: 'mlx_lm cannot be imported.' }), [])).toMatchObject({
      kind: 'broken',
      reason: 'mlx_lm cannot be imported.',
    })
  })

  it('an error of a newer version becomes one this window knows', () => {
    const job = anInstall('failed', { error: { code: 'from_the_future', message: 'New.' } })
    expect(engineView(anEngine('missing'), [job])).toMatchObject({ kind: 'failed', error: { code: 'internal', message: 'New.' } })
  })
})

describe('trying the demo', () => {
  const waiting: DemoFlow = { step: 'waiting', jobId: 'job-1' }

  it('opens the chat once, when the engine is ready', () => {
    const first = demoStep(waiting, { type: 'engine', view: { kind: 'ready' } })
    expect(first).toEqual({ flow: { step: 'off' }, open: true })
    expect(demoStep(first.flow, { type: 'engine', view: { kind: 'ready' } }).open).toBe(false)
  })

  it('waits through an installation', () => {
    const view = { kind: 'installing', jobId: 'job-1', progress: null } as const
    expect(demoStep(waiting, { type: 'engine', view })).toEqual({ flow: waiting, open: false })
  })

  it('ends when its own installation fails, and not because an earlier one did', () => {
    const failed = (jobId: string) => ({ type: 'engine', view: { kind: 'failed', jobId, error: failure } }) as const
    expect(demoStep(waiting, failed('job-0')).flow).toEqual(waiting)
    expect(demoStep(waiting, failed('job-1'))).toEqual({ flow: { step: 'off' }, open: false })
  })

  it('keeps the reason when the demo cannot be turned on', () => {
    expect(demoStep({ step: 'enabling' }, { type: 'failed', error: failure }).flow).toEqual({ step: 'failed', error: failure })
  })

  it('opens the plain model, not the endless or the thinking one', () => {
    expect(chooseDemoModel(['d/counting-fp32', 'd/thinking-fp32', 'd/hello-fp32'])).toBe('d/hello-fp32')
    expect(chooseDemoModel([])).toBeNull()
  })
})
