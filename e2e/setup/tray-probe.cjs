// Loaded into the Electron of a test before our own code: notes what the app gives to its tray, since neither Electron nor Playwright
// can find a tray again. The app does not know of it.
const { Tray } = require('electron')

const probe = { menu: null, tooltip: null, images: 0 }
globalThis.trayProbe = probe

const wrap = (name, note) => {
  const real = Tray.prototype[name]
  Tray.prototype[name] = function (value, ...rest) {
    note(value)
    return real.call(this, value, ...rest)
  }
}
wrap('setContextMenu', (menu) => (probe.menu = menu))
wrap('setToolTip', (text) => (probe.tooltip = text))
wrap('setImage', () => (probe.images += 1))
