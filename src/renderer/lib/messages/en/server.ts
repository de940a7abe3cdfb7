import { createCounting } from '../counting'

const { counted } = createCounting('en')

export const server = {
  state: {
    stopped: 'Server stopped',
    starting: 'Server starting',
    ready: 'Server ready',
    port_in_use: 'Port in use',
    failed: 'Server failed',
  },
  short: { stopped: 'Stopped', starting: 'Starting', ready: 'Ready', port_in_use: 'Port in use', failed: 'Failed' },
  port: (port: number) => `:${port}`,
  loaded: (count: number) => (count === 0 ? 'Nothing loaded' : `${count} loaded`),
  answering: (count: number) => `${counted(count, { one: 'answer', other: 'answers' })} running`,
  details: 'Server details',
  baseUrl: 'Base URL',
  copyUrl: 'Copy base URL',
  notListening: 'Programs cannot reach the API while it is stopped. Chat here still works.',
  notServed: 'Programs cannot reach the API until it listens. Chat here still works.',
  start: 'Start server',
  stop: 'Stop server',
  loadedHead: 'Loaded',
  unload: 'Unload',
  unloadModel: (name: string) => `Unload ${name}`,
  inMemory: (memory: string) => `${memory} in memory`,
  idle: 'Idle',
}
