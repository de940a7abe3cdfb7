import { AppError } from '../../../shared/errors'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { defineAnswerOptions, toParams, type AnswerOptions } from './options'

const examples = `
Type /help in the chat for what it knows: another model, a system prompt, parameters, saving. Asks the MLX Knife that runs, else an engine of
its own. Nothing is kept when it ends, but by /save; with --continue the conversation of the window that was changed last goes on, and is
kept there.

Examples:
  mlxk chat Llama-3.2-1B
  mlxk chat Llama-3.2-1B --system "Answer in French" --temperature 0.2
  mlxk chat --continue`

interface ChatCommandOptions extends AnswerOptions {
  continue?: boolean
}

export const chat: CliCommand = {
  define: (command, submit) => {
    defineAnswerOptions(
      command.argument('[model]', 'a name, part of a name, or name@hash; with --continue: another model than before'),
    )
      .option('--continue', 'go on with the last conversation of the window')
      .addHelpText('after', examples)
      .action((model: string | undefined, options: ChatCommandOptions) => submit((context) => run(context, model, options)))
  },
}

async function run(context: Context, model: string | undefined, options: ChatCommandOptions): Promise<Outcome> {
  const { program } = context
  if (model === undefined && options.continue !== true)
    throw new AppError('usage', 'Name a model.', { hint: `${program} chat MODEL, or ${program} chat --continue` })
  if (!context.isHuman || !context.io.stdin.isTTY || !context.io.stdout.isTTY) {
    const hint = model === undefined ? `For one answer: ${program} run MODEL "…"` : `For one answer: ${program} run ${model} "…"`
    throw new AppError('invalid_input', 'A chat needs a terminal.', { hint })
  }
  if (options.continue === true) return await goOn(context, model, options)
  const { openGenerator } = await import('../services/generator')
  const generator = await openGenerator(context)
  try {
    const { runChat } = await import('../chat/chat')
    await runChat(context, generator, {
      model: model ?? '',
      system: options.system,
      params: toParams(options),
      reasoning: options.reasoning,
    })
    return { data: {}, printed: true }
  } finally {
    await generator.close()
  }
}

/** The history belongs to the owner, so the conversation goes on through it. */
async function goOn(context: Context, named: string | undefined, options: ChatCommandOptions): Promise<Outcome> {
  const { attachOrOwn } = await import('../services/owner')
  const session = await attachOrOwn(context, 'daemon')
  try {
    const { client } = session
    const { continueChat } = await import('../services/kept-chat')
    const kept = await continueChat(client)
    const model = named ?? kept.model
    if (model === null)
      throw new AppError('usage', 'This conversation has no model yet.', { hint: 'Name one: mlxk chat --continue MODEL' })
    const { runChat } = await import('../chat/chat')
    const check = async (spec: string) => {
      const { name, context: length } = (await client.call('models.show', { model: spec })).model
      return { name, contextLength: length.tokens }
    }
    const generator = { generate: kept.generate, check, close: () => Promise.resolve() }
    const turns = kept.messages.flatMap(({ role, content, reasoning, state }) =>
      role === 'system' || content === ''
        ? []
        : [{ role, content, reasoning, state: state === 'complete' ? ('complete' as const) : ('interrupted' as const) }],
    )
    const last = turns.at(-1)?.content.trim() ?? ''
    const shown = last.length > 500 ? `…${last.slice(-500)}` : last
    await runChat(context, generator, {
      model,
      system: options.system ?? (kept.system === '' ? undefined : kept.system),
      params: { ...kept.params, ...toParams(options) },
      reasoning: options.reasoning,
      before: { turns, note: `"${kept.title}" goes on, ${turns.length} messages so far.${shown === '' ? '' : `\n${shown}`}` },
    })
    return { data: {}, printed: true }
  } finally {
    await session.close()
  }
}
