import { act, fireEvent, screen } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ModelSummary, ServerStatus } from '../../../shared/contract'
import { aLoadedModel, aModel } from '../../testing/fixtures'
import { aWindow, renderIn } from '../../testing/render'
import { runCommand } from '../../app/commands'
import { modelKey } from './model'
import { ModelsView } from './ModelsView'

const good = aModel('org/good')
const sick = aModel('org/sick', { health: 'unhealthy', runtime_compatible: false, reason: 'config.json is missing.' })
const taken: ServerStatus = {
  state: 'port_in_use',
  url: null,
  port: 11811,
  hosts: [],
  in_flight: 0,
  error: {
    code: 'port_in_use',
    message: 'Port 11811 is already in use by nginx (pid 7).',
    hint: 'Choose another port with --port, or stop that program.',
    data: { port: 11811 },
  },
}

function show() {
  const app = aWindow()
  app.stores.models.setState({ list: { models: [good, sick], count: 2, roots: [] }, selected: modelKey(good) })
  renderIn(app, <ModelsView />)
  return app
}

describe('the list of models', () => {
  // Two columns: the details stand beside the list.
  beforeEach(() => {
    // Nothing has a size here, and rows are drawn for the room there is.
    vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600)
    vi.stubGlobal('matchMedia', () => ({ matches: true, addEventListener: () => undefined, removeEventListener: () => undefined }))
    return () => vi.restoreAllMocks()
  })

  it('shows no details of a model that the filter or the search hides, and has them again afterwards', () => {
    const app = show()
    const details = () => screen.queryByRole('region', { name: 'Details of org/good' })
    expect(details()).not.toBeNull()
    act(() => app.stores.models.setState({ filter: 'problems' }))
    expect(details()).toBeNull()
    expect(screen.getByText('No model selected')).toBeDefined()
    act(() => app.stores.models.setState({ filter: 'all', search: 'sick' }))
    expect(details()).toBeNull()
    act(() => app.stores.models.setState({ search: '' }))
    expect(details()).not.toBeNull()
  })

  it('draws of five hundred models those that the window has room for, and counts them all', () => {
    const app = show()
    const models = Array.from({ length: 500 }, (_, at) => aModel(`org/model-${at}`))
    act(() => app.stores.models.setState({ list: { models, count: 500, roots: [] }, selected: null }))
    expect(screen.getByRole('grid').getAttribute('aria-rowcount')).toBe('502')
    const drawn = document.querySelectorAll('[data-key]').length
    expect(drawn).toBeGreaterThan(5)
    expect(drawn).toBeLessThan(60)
  })

  it('loads the model that has the focus, though another is selected', () => {
    const app = show()
    const load = vi.spyOn(app.models, 'load').mockResolvedValue()
    const row = document.querySelector<HTMLElement>(`[data-key="${modelKey(sick)}"]`)
    act(() => row?.focus())
    runCommand(app, 'load_selected')
    expect(load.mock.calls).toEqual([['org/sick']])
    expect(app.stores.models.getState().selected).toBe(modelKey(sick))
  })

  it('keeps the focus on a row whose model gets loaded, and gives it to the next one when its model goes', () => {
    const app = show()
    const rowOf = (model: ModelSummary) => document.querySelector<HTMLElement>(`[data-key="${modelKey(model)}"]`)
    act(() => rowOf(good)?.focus())
    act(() => app.stores.models.setState({ loaded: [aLoadedModel('org/good')] }))
    expect(screen.getByRole('button', { name: /^Loaded/ })).toBeDefined()
    expect(document.activeElement).toBe(rowOf(good))
    act(() => app.stores.models.setState({ list: { models: [sick], count: 1, roots: [] }, selected: null, loaded: [] }))
    expect(document.activeElement).toBe(rowOf(sick))
    expect(app.stores.models.getState().selected).toBe(modelKey(sick))
  })

  it('says that the port is taken, by whom, what that means, and offers the next one', () => {
    const app = show()
    expect(screen.queryByText(/Port/)).toBeNull()
    const start = vi.spyOn(app.server, 'start').mockResolvedValue()
    act(() => app.stores.server.setState({ server: taken }))
    const banner = screen.getByRole('status')
    expect(banner.textContent).toContain('Port 11811 is already in use by nginx (pid 7).')
    expect(banner.textContent).toContain('Programs cannot reach the API until it listens.')
    fireEvent.click(screen.getByRole('button', { name: 'Use 11812' }))
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }))
    expect(start.mock.calls).toEqual([[11812], []])
    act(() => app.stores.server.setState({ server: { ...taken, state: 'ready', error: null, url: 'http://127.0.0.1:11811' } }))
    expect(screen.queryByText(/already in use/)).toBeNull()
  })
})
