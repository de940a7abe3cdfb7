import { AppError } from '../../../shared/errors'
import type { WhoAmIResult } from '../../../shared/contract/documents'
import type { HubToken } from '../../core/hub'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { askSecret } from '../output/ask-secret'
import { canAsk } from '../output/confirm'
import type { Account } from '../services/account'

const MAX_TOKEN = 1024

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
from the command line, where other programs could see it. HF_TOKEN and the token file of huggingface_hub come before it and are not touched.

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
    if (text.length > 2 * MAX_TOKEN) break
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
  const token = text.trim()
  if (!/^[\x21-\x7e]+$/.test(token) || token.length > MAX_TOKEN)
    throw new AppError(
      'invalid_input',
      token === '' ? 'The token is empty.' : 'This is no token: it has spaces or other characters in it.',
      {
        hint: 'Tokens are made at https://huggingface.co/settings/tokens.',
      },
    )
  const account = await open(context)
  const { name, role } = await account.identify(token)
  await account.store(token)
  const current = await account.current()
  const shadowed = current !== null && current.source !== 'store'
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
  const left = await account.current()
  return {
    data: { removed, remaining_source: left?.source ?? null },
    print: () => {
      context.say(removed ? 'The token is forgotten.' : 'No token was stored.')
      if (left !== null)
        context.note(
          `  ${sources[left.source]} still has one${left.source === 'token_file' ? ': "hf auth logout" forgets it' : ''}.`,
        )
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
  const token = await account.current()
  if (token === null)
    throw new AppError('unauthorized', 'Nobody is logged in.', {
      hint: `Public models need no token. "${context.program} login" stores one.`,
    })
  const { name, role } = await account.identify(token.token)
  return {
    data: { name, role, source: token.source, in_effect: true } satisfies WhoAmIResult,
    print: () => context.say(`${name} — by ${sources[token.source]}${role === null ? '' : `, role ${role}`}`),
  }
}
