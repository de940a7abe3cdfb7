import { AppError } from '../../../shared/errors'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { defineAnswerOptions, toParams, type AnswerOptions } from './options'

const examples = `
Type /help in the chat for what it knows: another model, a system prompt, parameters, saving. Asks the MLX Knife that runs, else an engine of
its own. Nothing is kept when it ends, but by /save.

Examples:
  mlxk chat Llama-3.2-1B
  mlxk chat Llama-3.2-1B --system "Answer in French" --temperature 0.2`

export const chat: CliCommand = {
  define: (command, submit) => {
    defineAnswerOptions(command.argument('<model>', 'a name, part of a name, or name@hash'))
      .addHelpText('after', examples)
      .action((model: string, options: AnswerOptions) => submit((context) => run(context, model, options)))
  },
}

async function run(context: Context, model: string, options: AnswerOptions): Promise<Outcome> {
  if (!context.isHuman || !context.io.stdin.isTTY || !context.io.stdout.isTTY) {
    throw new AppError('invalid_input', 'A chat needs a terminal.', {
      hint: `For one answer: ${context.program} run ${model} "…"`,
    })
  }
  const { openGenerator } = await import('../services/generator')
  const generator = await openGenerator(context)
  try {
    const { runChat } = await import('../chat/chat')
    await runChat(context, generator, { model, system: options.system, params: toParams(options), reasoning: options.reasoning })
    return { data: {}, printed: true }
  } finally {
    await generator.close()
  }
}
