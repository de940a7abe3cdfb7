// Loaded into the Electron of a test before our own code: notes what the app gives to its tray, since neither Electron nor Playwright
// can find a tray again. The app does not know of it.
const Module = require('node:module')
const electron = require('electron')

const probe = { menu: null, tooltip: null }
globalThis.trayProbe = probe

const note = (tray, name, take) => {
  const real = tray[name].bind(tray)
  tray[name] = (value) => {
    take(value)
    return real(value)
  }
}
const Tray = new Proxy(electron.Tray, {
  construct: (target, args) => {
    const tray = Reflect.construct(target, args)
    note(tray, 'setContextMenu', (menu) => (probe.menu = menu))
    note(tray, 'setToolTip', (text) => (probe.tooltip = text))
    return tray
  },
})
const watched = new Proxy(electron, { get: (target, name) => (name === 'Tray' ? Tray : target[name]) })
const load = Module._load
Module._load = (request, ...rest) => (request === 'electron' ? watched : load(request, ...rest))
