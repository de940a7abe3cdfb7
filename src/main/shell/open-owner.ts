import type { AppContract } from '../../shared/contract'
import { createClient, createHttpTransport, type Dispatcher } from '../../shared/rpc'
import { createApp, type AppOptions } from '../app'
import { findOwner, nodeProver } from '../core/ownership'
import { dataPaths } from '../core/system'
import type { Owner } from './owner'

/**
 * Connects to the owner that the data folder has, else becomes it and starts the API. A port that is taken is a state to be shown, not
 * an error of the app.
 * @param onStopRequest called when a client of our services asks for the end (`mlxk stop`)
 * @throws AppError as createApp
 */
export async function openOwner(options: AppOptions, onStopRequest: () => void): Promise<Owner> {
  const running = await findOwner(dataPaths(options.env, options.platform))
  if (running !== null) {
    const transport = createHttpTransport({ baseUrl: running.record.control.url, token: running.token, prover: nodeProver })
    const dispatcher: Dispatcher = async function* (name, input, signal) {
      yield* transport.open(name, input, signal)
    }
    return { mode: 'attached', dispatcher, client: createClient<AppContract>(transport), close: async () => undefined }
  }
  const app = await createApp(options)
  // Its failure is in `state.server` and shown from there.
  await app.startApi({}).catch(() => undefined)
  app.stopRequested.addEventListener('abort', onStopRequest, { once: true })
  const { dispatcher } = app
  return { mode: 'own', dispatcher, client: createClient<AppContract>({ open: dispatcher }), close: () => app.close() }
}
