const names: ReadonlySet<string> = new Set([
  '/',
  '/health',
  '/metrics',
  '/models',
  '/completions',
  '/chat/completions',
  '/embeddings',
  '/responses',
  '/messages',
])

/** The name of a path in the metrics: few, whatever strangers ask for. */
export function routeOf(path: string): string {
  const plain = path.replace(/\/+$/, '') || '/'
  if (plain.startsWith('/api/v1/')) return '/api/v1'
  const name = plain.startsWith('/v1/') ? plain.slice(3) : plain
  if (name.startsWith('/models/')) return '/models'
  return names.has(name) ? name : 'other'
}
