import { createCounting } from '../counting'
import type { models as english } from '../en/models'
import { sayFinding } from './findings'

const { counted, number } = createCounting('de')
const words = { one: 'Modell', other: 'Modelle' }

export const models: typeof english = {
  title: 'Modelle',
  summary: (count, size) => `${counted(count, words)}, ${size}`,
  summaryOf: (shown, count) => `${number(shown)} von ${number(count)} Modellen`,
  filter: { all: 'Alle', can_run: 'Ausführbar', problems: 'Probleme' },
  filterLabel: 'Filter',
  search: 'Modelle suchen',
  clearSearch: 'Suche leeren',
  column: {
    name: 'Name',
    size: 'Größe',
    quant: 'Quant.',
    context: 'Kontext',
    state: 'Zustand',
    fit: 'Speicher',
    used: 'Zuletzt',
  },
  group: { loaded: 'Geladen', problems: 'Probleme', ready: 'Bereit', cannot_run: 'Hier nicht ausführbar' },
  state: { healthy: 'Intakt', cannot_run: 'Intakt*', repair: 'Reparieren', unhealthy: 'Beschädigt' },
  cannotRun: 'Die Engine kann dieses Modell nicht ausführen',
  finding: sayFinding,
  shard: (part, of, rest) => `Teil ${part} von ${of} ${rest}`,
  capability: { reasoning: 'Denken', tools: 'Werkzeuge', vision: 'Bilder' },
  parameters: 'Parameter',
  license: 'Lizenz',
  showDetail: 'Details einblenden',
  hideDetail: 'Details ausblenden',
  noMatch: 'Kein Modell passt',
  noMatchText: (query) => `Hier heißt nichts „${query}“.`,
  noFiltered: 'Hier ist nichts',
  noFilteredText: 'Zu diesem Filter passt kein Modell.',
  showAll: 'Alle Modelle zeigen',
  failedTitle: 'Die Modelle können nicht aufgelistet werden',
  rootUnreadable: (path, reason) => `${path} ist nicht lesbar: ${reason}`,
  loadedIn: (memory) => `${memory} belegt`,
  loaded: 'Geladen',
  starting: 'Startet',
  loading: (percent) => (percent === null ? 'Lädt' : `Lädt, ${percent}`),
  warming: 'Wärmt auf',
  draining: 'Wird entladen',
  crashed: 'Angehalten',
}
