import type { RunResult } from '../../../shared/contract/documents'
import { AppError } from '../../../shared/errors'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { printAnswer } from '../output/answer'
import { projectRun } from '../output/project'
import { defineAnswerOptions, toParams, type AnswerOptions } from './options'
import { assemblePrompt } from './prompt'

interface RunOptions extends AnswerOptions {
  prompt?: string
  stream: boolean
}

const examples = `
The prompt is the words after the model, standard input, or both (standard input first). "-" asks for standard input by name.
With neither, on a terminal, it is a chat: Ctrl-C stops an answer, Ctrl-D leaves.

Examples:
  mlxk run Llama-3.2-1B "Name three rivers"
  git diff | mlxk run Llama-3.2-1B "Write a commit message for this"
  mlxk run Llama-3.2-1B --system "Answer in French" --max-tokens 200
  mlxk run Llama-3.2-1B "Hello" --json | jq -r .data.response`

export const run: CliCommand = {
  define: (command, submit) => {
    command
      .argument('<model>', 'a name, part of a name, or name@hash')
      .argument('[prompt...]', 'what to ask')
      .option('--prompt <text>', 'what to ask, instead of the words after the model')
      .option('--no-stream', 'print the answer when it is complete')
    defineAnswerOptions(command)
      .addHelpText('after', examples)
      .action((model: string, words: string[], options: RunOptions) =>
        submit((context) => runModel(context, model, words, options)),
      )
  },
}

/** Both ways to give a prompt; the third, a chat, needs a terminal. */
function askForPrompt({ program, io }: Context, model: string): string {
  const chat = io.stdin.isTTY && io.stdout.isTTY ? `; or leave it out for a chat` : ''
  return `Say what to ask: ${program} run ${model} "…", or pipe it in: echo "…" | ${program} run ${model}${chat}.`
}

async function runModel(context: Context, model: string, words: string[], options: RunOptions): Promise<Outcome> {
  const prompt = await assemblePrompt(context.io, words, options.prompt)
  if (prompt === null && (!context.isHuman || !context.io.stdout.isTTY)) {
    throw new AppError('invalid_input', 'There is no prompt, and a chat needs a terminal.', { hint: askForPrompt(context, model) })
  }
  if (prompt?.trim() === '') throw new AppError('invalid_input', 'The prompt is empty.', { hint: askForPrompt(context, model) })
  const { openGenerator } = await import('../services/generator')
  const generator = await openGenerator(context)
  try {
    if (prompt === null) {
      const { runChat } = await import('../chat/chat')
      await runChat(context, generator, { model, system: options.system, params: toParams(options), reasoning: options.reasoning })
      return { data: {}, printed: true }
    }
    const messages = [
      ...(options.system === undefined ? [] : [{ role: 'system' as const, content: options.system }]),
      { role: 'user' as const, content: prompt },
    ]
    const events = generator.generate({ model, messages, params: toParams(options) }, context.interruption().signal)
    // A pipe gets the answer in one piece, as in mlx-knife.
    const view = { stream: options.stream && context.io.stdout.isTTY, reasoning: options.reasoning }
    const answer = await printAnswer(context, events, view)
    const data: RunResult = {
      model,
      prompt,
      response: answer.text,
      tokens_generated: answer.finish.usage.completion_tokens,
      generation_time_s: Math.round(answer.finish.timing.total_ms) / 1000,
      resolved_model: answer.finish.model,
      reasoning: answer.reasoning === '' ? null : answer.reasoning,
      finish_reason: answer.finish.reason,
      usage: answer.finish.usage,
      timing: answer.finish.timing,
    }
    return { data, projected: projectRun(data), print: () => undefined }
  } finally {
    await generator.close()
  }
}
