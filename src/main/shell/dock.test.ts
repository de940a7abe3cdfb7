import { expect, test, vi } from 'vitest'
import { createDockPolicy } from './dock'

const fakeApp = () =>
  ({ setActivationPolicy: vi.fn<Electron.App['setActivationPolicy']>() }) satisfies Pick<Electron.App, 'setActivationPolicy'>

test('macOS shows the app in the Dock only while a window is open', () => {
  const app = fakeApp()
  const dock = createDockPolicy(app, 'darwin')
  dock.opened()
  dock.opened()
  dock.closed()
  dock.closed()
  dock.opened()
  expect(app.setActivationPolicy.mock.calls.map(([policy]) => policy)).toEqual(['accessory', 'regular', 'accessory', 'regular'])
})

test('Linux has no Dock to care for', () => {
  const app = fakeApp()
  const dock = createDockPolicy(app, 'linux')
  dock.opened()
  dock.closed()
  expect(app.setActivationPolicy).not.toHaveBeenCalled()
})
