import { contextBridge, ipcRenderer } from 'electron'
import { COMMAND_MESSAGE, PORT_MESSAGE, REVEAL_MESSAGE, type Bridge, type MenuCommand } from '../shared/bridge'

const { origin } = window.location

// A port cannot cross the context bridge as a value; a window message can carry it.
ipcRenderer.on(PORT_MESSAGE, (event) => window.postMessage(PORT_MESSAGE, origin, event.ports))
ipcRenderer.on(COMMAND_MESSAGE, (_event, command: MenuCommand) => window.postMessage(`${COMMAND_MESSAGE}:${command}`, origin))

const bridge: Bridge = {
  platform: process.platform === 'darwin' ? 'darwin' : 'linux',
  openPort: async () => {
    await ipcRenderer.invoke(PORT_MESSAGE)
  },
  reveal: async (model) => {
    await ipcRenderer.invoke(REVEAL_MESSAGE, model)
  },
}

contextBridge.exposeInMainWorld('mlxk', bridge)
