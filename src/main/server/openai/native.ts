import type { Context } from 'hono'
import { z } from 'zod'
import { AppError } from '../../../shared/errors'
import { downloadRequest } from '../../../shared/contract'
import type { NativeStatus } from '../../../shared/openai'
import { keepAlive, parseBody } from '../../../shared/openai'
import type { Activity } from './activity'
import type { ApiDeps, ApiLimits } from './deps'
import { encodeData, heartbeat } from './dialect'
import type { ApiEnv } from './front'
import { healthState } from './health'
import { isServable, resolveModel, type ModelsDeps } from './models'
import { readJson } from './read-json'

type NativeDeps = ApiDeps & ModelsDeps & { limits: ApiLimits; activity: Activity }
type NativeCall = 'models' | 'status' | 'ps' | 'events' | 'load' | 'unload' | 'download' | 'downloadOf'
type Handler = (context: Context<ApiEnv>) => Promise<Response>

/** News of one burst, such as every token's, are told together. */
const settleMs = 100
const named = z.object({ model: z.string().min(1).max(512) })
const loading = named.extend({ keep_alive: keepAlive.optional(), pinned: z.boolean().optional() })

/** The routes under `/api/v1`: what the server is doing, and loading and unloading. Who may call them is decided at the front. */
export function createNativeHandlers(deps: NativeDeps): Record<NativeCall, Handler> {
  const { listModels, pool, limits, downloads } = deps
  const read = async <T extends z.ZodObject>(schema: T, context: Context<ApiEnv>): Promise<z.output<T>> =>
    parseBody(schema, await readJson(context.req.raw, limits.maxBodyBytes))
  return {
    models: async (context) => {
      const states = new Map(pool.list().map(({ name, state }) => [name, state]))
      const models = await listModels()
      const data = models.map(({ root: _, ...model }) => ({
        ...model,
        state: states.get(model.name) ?? 'stopped',
        can_answer: isServable({ ...model, root: _ }),
      }))
      return context.json({ models: data })
    },
    status: (context) => Promise.resolve(context.json(readStatus(deps))),
    ps: (context) => Promise.resolve(context.json({ models: pool.list() })),
    events: (context) =>
      Promise.resolve(
        context.body(watchStatus(deps, context.req.raw.signal), 200, {
          'Content-Type': 'text/event-stream; charset=utf-8',
          'Cache-Control': 'no-cache, no-transform',
          'X-Accel-Buffering': 'no',
        }),
      ),
    load: async (context) => {
      const { model: asked, keep_alive: keepAliveMs, pinned } = await read(loading, context)
      const model = await resolveModel(deps, asked)
      const startedAt = performance.now()
      await pool.load(model, { signal: context.req.raw.signal, keepAliveMs, pinned })
      const seconds = Math.round(performance.now() - startedAt) / 1000
      return context.json({ model: pool.list().find(({ name }) => name === model.name) ?? null, load_time_seconds: seconds })
    },
    download: async (context) => {
      const wish = await read(downloadRequest, context)
      return context.json(await downloads.add(wish), 202)
    },
    downloadOf: (context) => {
      const found = downloads.list().find(({ id }) => id === context.req.param('id'))
      if (found === undefined)
        throw new AppError('download_not_found', 'There is no such download.', { hint: 'POST /api/v1/downloads says its id.' })
      return Promise.resolve(context.json(found))
    },
    unload: async (context) => {
      const { model: asked } = await read(named, context)
      // A loaded model's own name needs no look at the disk: the model may be gone from it.
      const name = pool.list().some((model) => model.name === asked) ? asked : (await resolveModel(deps, asked)).name
      if (!pool.list().some((model) => model.name === name)) {
        throw new AppError('model_not_found', `${name} is not loaded.`, { hint: 'See GET /api/v1/ps.' })
      }
      await pool.unload(name)
      return context.json({ unloaded: name })
    },
  }
}

function readStatus({ pool, activity, version, ...rest }: NativeDeps): NativeStatus {
  const models = pool.list()
  const working = models.reduce((sum, { in_flight: count }) => sum + count, 0)
  return {
    service: 'mlx-knife',
    version,
    state: healthState({ pool, ...rest }, activity),
    in_flight: activity.inFlight(),
    queued: Math.max(0, activity.inFlight() - working),
    log: rest.isLogWritten?.() === false ? 'failing' : 'written',
    models,
  }
}

/** The status at once and after every change, as events `status`; comments while nothing changes. */
function watchStatus(deps: NativeDeps, client: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let stop = (): void => {}
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      let last = ''
      let settling: NodeJS.Timeout | null = null
      const send = (text: string): void => {
        // A reader that does not read gets the newest news later, not all of them.
        if ((controller.desiredSize ?? 0) > -16) controller.enqueue(encoder.encode(text))
      }
      const tell = (): void => {
        settling = null
        const now = JSON.stringify(readStatus(deps))
        if (now === last) return
        last = now
        send(`event: status\n${encodeData(JSON.parse(now))}`)
      }
      const notice = (): void => {
        settling ??= setTimeout(tell, settleMs)
      }
      const beat = setInterval(() => send(heartbeat), deps.limits.silenceMs)
      const leave = [deps.pool.subscribe(notice), deps.activity.subscribe(notice)]
      const finish = (): void => {
        stop()
        controller.close()
      }
      stop = () => {
        clearInterval(beat)
        if (settling !== null) clearTimeout(settling)
        for (const unsubscribe of leave) unsubscribe()
        client.removeEventListener('abort', finish)
        deps.shutdown?.cut.removeEventListener('abort', finish)
        stop = () => {}
      }
      client.addEventListener('abort', finish, { once: true })
      deps.shutdown?.cut.addEventListener('abort', finish, { once: true })
      tell()
    },
    cancel: () => stop(),
  })
}
