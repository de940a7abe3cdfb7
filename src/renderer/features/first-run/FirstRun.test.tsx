import { act, screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { anEngine, anInstall } from '../../testing/fixtures'
import { aWindow, renderIn } from '../../testing/render'
import { FirstRun } from './FirstRun'

describe('first run', () => {
  it('leads from a missing engine over its progress to a ready one', () => {
    const app = aWindow()
    app.stores.engine.setState({ engine: anEngine('missing') })
    renderIn(app, <FirstRun roots={[]} models={[]} />)
    expect(screen.getByRole('button', { name: 'Install engine' })).toBeDefined()

    const progress = { step: 'install_packages', message: '50 packages', fraction: 0.58 } as const
    act(() => app.stores.engine.setState({ jobs: [anInstall('running', { progress })] }))
    expect(screen.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('58')
    expect(screen.getByRole('button', { name: 'Cancel installation' })).toBeDefined()

    act(() => app.stores.engine.setState({ engine: anEngine('ready'), jobs: [anInstall('done')] }))
    expect(screen.queryByRole('progressbar')).toBeNull()
    expect(screen.getByText('The engine is ready')).toBeDefined()
  })

  it('says why an installation failed and what to do next', () => {
    const app = aWindow()
    const error = { code: 'engine_install_failed', message: 'No Python was found.', hint: 'Install Python 3.10 or newer.' }
    app.stores.engine.setState({ engine: anEngine('missing'), jobs: [anInstall('failed', { error })] })
    renderIn(app, <FirstRun roots={[]} models={[]} />)
    const alert = screen.getByRole('alert')
    expect(alert.textContent).toContain('No Python was found.')
    expect(alert.textContent).toContain('Install Python 3.10 or newer.')
  })
})
