/**
 * The OpenAI dialect over HTTP: routes, wire shapes, streaming contract, errors. A thin face of core/generation, core/models and the
 * engine pool; it holds no rule about models or text of its own. Imported by the composition root and by tests.
 *
 *   const api = await serveApi({ generator, catalog, pool, logError }, { host, port })   // listens; api.url, api.hosts, api.close()
 * Without a socket it is the value that `buildApi` in api.ts gives: the tests call its `app.request(…)`.
 */
export { createActivity, type Activity } from './activity'
export type { ApiAccess, ApiDeps, ApiLimits, RequestReport } from './deps'
export { serveApi, type ApiServer } from './serve-api'
