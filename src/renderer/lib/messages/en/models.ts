import type { Finding } from '../../../../shared/contract'
import { createCounting } from '../counting'

const { counted } = createCounting('en')

export const models = {
  title: 'Models',
  summary: (count: number, size: string) => `${counted(count, { one: 'model', other: 'models' })}, ${size}`,
  summaryOf: (shown: number, count: number) => `${shown} of ${count} models`,
  filter: { all: 'All', can_run: 'Can run', problems: 'Problems' },
  filterLabel: 'Filter',
  search: 'Search models',
  clearSearch: 'Clear search',
  column: {
    name: 'Name',
    size: 'Size',
    quant: 'Quant',
    context: 'Context',
    state: 'Health',
    fit: 'Memory',
    used: 'Last used',
  },
  group: { loaded: 'Loaded', problems: 'Problems', ready: 'Ready', cannot_run: 'Cannot run here' },
  state: { healthy: 'Healthy', cannot_run: 'Healthy*', repair: 'Repair', unhealthy: 'Unhealthy' },
  cannotRun: 'The engine cannot run this model',
  /** What is wrong, in a sentence: the finding's own. */
  finding: ({ message }: Pick<Finding, 'code' | 'file' | 'message'>) => message,
  shard: (number: string, of: string, rest: string) => `Shard ${number} of ${of} ${rest}`,
  capability: { reasoning: 'Reasoning', tools: 'Tools', vision: 'Vision' },
  parameters: 'Parameters',
  license: 'Licence',
  showDetail: 'Show details',
  hideDetail: 'Hide details',
  noMatch: 'No model matches',
  noMatchText: (query: string) => `Nothing here is called “${query}”.`,
  noFiltered: 'Nothing here',
  noFilteredText: 'No model fits this filter.',
  showAll: 'Show all models',
  failedTitle: 'The models cannot be listed',
  rootUnreadable: (path: string, reason: string) => `${path} cannot be read: ${reason}`,
  loadedIn: (memory: string) => `${memory} in use`,
  loaded: 'Loaded',
  starting: 'Starting',
  loading: (percent: string | null) => (percent === null ? 'Loading' : `Loading ${percent}`),
  warming: 'Warming up',
  draining: 'Unloading',
  crashed: 'Stopped',
}
