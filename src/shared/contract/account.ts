import { z } from 'zod'
import { noInput, serializedError } from './common'
import { method } from './method'

/** Where a token of the Hub comes from. `store`: somebody signed in here. */
export const tokenSource = z.enum(['environment', 'token_file', 'store'])

/** The account with the Hub. Never the token. */
export const hubSignIn = z.object({
  /** Whose token counts; null: nobody's, or the Hub has not said. */
  name: z.string().nullable(),
  role: z.string().nullable(),
  source: tokenSource.nullable(),
  /** Where the token is kept that somebody signed in with here, whether it counts or not. */
  kept: z.enum(['keychain', 'file']).nullable(),
  /** It is in the keychain, and this process cannot open that. */
  sealed: z.boolean(),
  /** Why the Hub did not say whose token it is. */
  error: serializedError.nullable(),
})

export type HubSignIn = z.infer<typeof hubSignIn>

export const accountContract = {
  'account.show': method(noInput, hubSignIn),
  /** Keeps a token once the Hub has said whose it is. @throws invalid_input, access_denied, network_failed, hub_offline */
  'account.login': method(z.strictObject({ token: z.string().max(2048) }), hubSignIn),
  /** Forgets it. Tokens of the environment and of huggingface_hub's file stay. */
  'account.logout': method(noInput, hubSignIn),
}
