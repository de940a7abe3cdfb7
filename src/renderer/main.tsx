import { createRoot } from 'react-dom/client'
import type { Bridge } from '../shared/bridge'
import { createAuth } from './api/auth'
import { createBridgeLink, createHttpLink } from './api/transport'
import { createWindow } from './app/create-window'
import { createMemory } from './lib/memory'
import { chooseMessages } from './lib/messages'
import { MainWindow } from './windows/MainWindow'

const { mlxk: bridge } = window as Window & { mlxk?: Bridge }

const auth = createAuth({
  fetch: (url, init) => fetch(url, init),
  storage: sessionStorage,
  readHash: () => location.hash,
  clearHash: () => history.replaceState(null, '', location.pathname + location.search),
  origin: location.origin,
})

const root = document.documentElement
root.dataset['platform'] = bridge === undefined ? 'web' : bridge.platform

const messages = chooseMessages(navigator.languages)
const app = createWindow({
  openLink: bridge === undefined ? createHttpLink(location.origin, auth) : createBridgeLink(bridge, window),
  onRefused: auth.forget,
  host: {
    isApp: bridge !== undefined,
    isMac: bridge === undefined ? /mac/i.test(navigator.platform) : bridge.platform === 'darwin',
  },
  messages,
  // Numbers and dates as the person has set them, as long as the words are of that language.
  localeOf: (language) => navigator.languages.find((tag) => tag.startsWith(language)) ?? language,
  memory: createMemory(() => localStorage),
  reveal: bridge?.reveal,
})

const element = document.getElementById('root')
if (element !== null) createRoot(element).render(<MainWindow app={app} />)
app.connection.start()
