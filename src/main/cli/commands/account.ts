import { AppError, fromSerializedError } from '../../../shared/errors'
import type { WhoAmIResult } from '../../../shared/contract/documents'
import type { HubToken } from '../../core/hub'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { askSecret } from '../output/ask-secret'
import { canAsk } from '../output/confirm'
import type { Account } from '../services/account'

/** Read at most of a pipe: more is no token. */
const MAX_INPUT = 2048

const sources: Record<HubToken['source'], string> = {
  environment: 'the variable HF_TOKEN',
  token_file: "huggingface_hub's token file",
  store: 'MLX Knife',
}

async function open(context: Context): Promise<Account> {
  return (await import('../services/account')).openAccount(context)
}

export const login: CliCommand = {
  define: (command, submit) => {
    command
      .addHelpText(
        'after',
        `
Keeps a token of the Hub for MLX Knife, after the Hub has said whose it is. It is read from the terminal, not shown, or from a pipe; never
from the command line, where other programs could see it. While the app runs it goes into the keychain; else into a file that only you can
read. HF_TOKEN and the token file of huggingface_hub come before it and are not touched.

Examples:
  mlxk login
  mlxk login < token.txt`,
      )
      .action(() => submit(logIn))
  },
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  let text = ''
  stream.setEncoding('utf8')
  for await (const chunk of stream) {
    text += String(chunk)
    if (text.length > MAX_INPUT) break
  }
  return text
}

async function logIn(context: Context): Promise<Outcome> {
  const { io } = context
  if (io.stdin.isTTY && !canAsk(context))
    throw new AppError('usage', 'There is no token on stdin.', { hint: `Give it by a pipe: ${context.program} login < token.txt` })
  const text = io.stdin.isTTY
    ? await askSecret(context, 'Token (from https://huggingface.co/settings/tokens):')
    : await readAll(io.stdin)
  const { checkToken } = await import('../../core/account')
  const token = checkToken(text)
  const account = await open(context)
  const { name, role } = await account.identify(token)
  await account.store(token)
  const current = await account.current()
  const shadowed = current !== null && current !== 'sealed' && current.source !== 'store'
  return {
    data: { name, role, source: 'store', in_effect: !shadowed } satisfies WhoAmIResult,
    print: () => {
      context.say(`Logged in as ${name}.`)
      if (shadowed) context.note(`  But ${sources[current.source]} has a token too, and comes first.`)
    },
  }
}

export const logout: CliCommand = {
  define: (command, submit) => {
    command
      .addHelpText(
        'after',
        `
Forgets the token that "mlxk login" has stored. HF_TOKEN and the token file of huggingface_hub stay as they are.

Example:
  mlxk logout`,
      )
      .action(() => submit(logOut))
  },
}

async function logOut(context: Context): Promise<Outcome> {
  const account = await open(context)
  const removed = await account.remove()
  const current = await account.current()
  const left = current === null || current === 'sealed' ? null : current.source
  return {
    data: { removed, remaining_source: left },
    print: () => {
      context.say(removed ? 'The token is forgotten.' : 'No token was stored.')
      if (left !== null)
        context.note(`  ${sources[left]} still has one${left === 'token_file' ? ': "hf auth logout" forgets it' : ''}.`)
    },
  }
}

export const whoami: CliCommand = {
  define: (command, submit) => {
    command
      .addHelpText(
        'after',
        `
Says who the Hub takes you for, and where the token comes from. Never shows the token.

Examples:
  mlxk whoami
  mlxk2 whoami | jq -r .name`,
      )
      .action(() => submit(sayWho))
  },
}

async function sayWho(context: Context): Promise<Outcome> {
  const account = await open(context)
  const { name, role, source } = await findWho(context, account)
  return {
    data: { name, role, source, in_effect: true } satisfies WhoAmIResult,
    print: () => context.say(`${name} — by ${sources[source]}${role === null ? '' : `, role ${role}`}`),
  }
}

async function findWho(context: Context, account: Account): Promise<Pick<WhoAmIResult, 'name' | 'role' | 'source'>> {
  const current = await account.current()
  if (current === null)
    throw new AppError('unauthorized', 'Nobody is logged in.', {
      hint: `Public models need no token. "${context.program} login" stores one.`,
    })
  if (current !== 'sealed') return { ...(await account.identify(current.token)), source: current.source }
  const told = await account.askApp()
  if (told !== null && told.error !== null) throw fromSerializedError(told.error)
  if (told !== null && told.name !== null) return { name: told.name, role: told.role, source: 'store' }
  throw new AppError('unauthorized', 'The token is in the keychain of the MLX Knife app, and only the app can read it.', {
    hint: `Open the app and try again; or "${context.program} login" here, or set HF_TOKEN.`,
    data: { sealed: true },
  })
}
