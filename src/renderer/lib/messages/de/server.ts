import { createCounting } from '../counting'
import type { server as english } from '../en/server'

const { counted, number } = createCounting('de')

export const server: typeof english = {
  state: {
    stopped: 'Server gestoppt',
    starting: 'Server startet',
    ready: 'Server bereit',
    port_in_use: 'Port belegt',
    failed: 'Server gestört',
  },
  short: { stopped: 'Gestoppt', starting: 'Startet', ready: 'Bereit', port_in_use: 'Port belegt', failed: 'Gestört' },
  port: (port) => `:${port}`,
  loaded: (count) => (count === 0 ? 'Nichts geladen' : `${number(count)} geladen`),
  answering: (count) => counted(count, { one: 'Antwort läuft', other: 'Antworten laufen' }),
  details: 'Details zum Server',
  baseUrl: 'Basis-URL',
  copyUrl: 'Basis-URL kopieren',
  notListening: 'Solange der Server gestoppt ist, erreichen Programme die API nicht. Der Chat hier funktioniert trotzdem.',
  notServed: 'Programme erreichen die API erst, wenn der Server läuft. Der Chat hier funktioniert trotzdem.',
  start: 'Server starten',
  stop: 'Server stoppen',
  loadedHead: 'Geladen',
  unload: 'Entladen',
  unloadModel: (name) => `${name} entladen`,
  inMemory: (memory) => `${memory} im Speicher`,
  idle: 'Unbeschäftigt',
}
