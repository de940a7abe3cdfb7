import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FinishReason, GenerationEvent, SamplingParams } from '../../../src/shared/contract'
import type { ChatCompletion, ChatCompletionChunk } from '../../../src/shared/openai'
import { writeDemoModels, writeScriptedModel } from '../../../src/main/core/demo'
import { connectOwner } from '../../../src/main/core/ownership'
import { currentPlatform, dataPaths } from '../../../src/main/core/system'
import { mlxk, startMlxk } from '../../drivers/cli'
import { end, firstLine } from '../../drivers/process'
import { needsEngine, testPython } from '../../setup/needs'
import { createHome, type TestHome } from '../cli/home'
import { chatterbox, emoji } from './models'

interface Seen {
  text: string
  reasoning: string
  finish: FinishReason
  usage: { prompt: number; completion: number }
}

/** One request through every face of generation: the API whole and streamed, Chat, and `run` with the owner's engines and its own. */
describe.skipIf(!needsEngine())('the same request gives the same answer through every face (E83, E149)', () => {
  let home: TestHome
  let env: Record<string, string>
  let serving: ChildProcess
  let url: string

  beforeAll(async () => {
    home = createHome()
    env = { ...home.env, MLXK_PYTHON: testPython() }
    await writeDemoModels(home.hub)
    for (const spec of [chatterbox, emoji]) await writeScriptedModel(home.hub, spec)
    serving = startMlxk(['serve', '--port', '0', '--json'], { env })
    url = (JSON.parse(await firstLine(serving)) as { data: { url: string } }).data.url
  })
  afterAll(async () => {
    await end(serving, 'SIGTERM')
    home?.remove()
  })

  const question = 'Tell me something.'

  async function overApi(model: string, params: SamplingParams, stream: boolean): Promise<Response> {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model,
        messages: [{ role: 'user', content: question }],
        stream,
        stream_options: { include_usage: true },
        ...params,
      }),
    })
    expect(response.status).toBe(200)
    return response
  }

  async function whole(model: string, params: SamplingParams): Promise<Seen> {
    const { choices, usage } = (await (await overApi(model, params, false)).json()) as ChatCompletion
    const { message, finish_reason: finish } = choices[0]!
    return {
      text: message.content ?? '',
      reasoning: message.reasoning_content ?? '',
      finish,
      usage: { prompt: usage.prompt_tokens, completion: usage.completion_tokens },
    }
  }

  async function streamed(model: string, params: SamplingParams): Promise<Seen> {
    const seen: Seen = { text: '', reasoning: '', finish: 'stop', usage: { prompt: 0, completion: 0 } }
    for (const event of (await (await overApi(model, params, true)).text()).split('\n\n')) {
      if (!event.startsWith('data: {')) continue
      const { choices, usage } = JSON.parse(event.slice(6)) as ChatCompletionChunk
      const delta = (choices[0]?.delta ?? {}) as { content?: string; reasoning?: string }
      seen.text += delta.content ?? ''
      seen.reasoning += delta.reasoning ?? ''
      seen.finish = choices[0]?.finish_reason ?? seen.finish
      if (usage !== undefined) seen.usage = { prompt: usage.prompt_tokens, completion: usage.completion_tokens }
    }
    return seen
  }

  async function inChat(model: string, params: SamplingParams): Promise<Seen> {
    const owner = await connectOwner(dataPaths(env, currentPlatform(env)))
    const seen: Seen = { text: '', reasoning: '', finish: 'stop', usage: { prompt: 0, completion: 0 } }
    const events = owner!.stream('chat.send', {
      model,
      messages: [{ role: 'user', content: question }],
      params,
    }) as AsyncIterable<GenerationEvent>
    for await (const event of events) {
      if (event.type === 'text') seen.text += event.text
      if (event.type === 'reasoning') seen.reasoning += event.text
      if (event.type !== 'finish') continue
      seen.finish = event.reason
      seen.usage = { prompt: event.usage.prompt_tokens, completion: event.usage.completion_tokens }
    }
    return seen
  }

  async function run(model: string, params: SamplingParams, data: string): Promise<Seen> {
    const limit = params.max_tokens === undefined ? [] : ['--max-tokens', String(params.max_tokens)]
    const { code, stdout } = await mlxk(['run', model, question, '--json=full', ...limit], { env: { ...env, MLXK_HOME: data } })
    expect(code).toBe(0)
    const result = (
      JSON.parse(stdout) as {
        data: {
          response: string
          reasoning: string | null
          finish_reason: FinishReason
          usage: { prompt_tokens: number; completion_tokens: number }
        }
      }
    ).data
    return {
      text: result.response,
      reasoning: result.reasoning ?? '',
      finish: result.finish_reason,
      usage: { prompt: result.usage.prompt_tokens, completion: result.usage.completion_tokens },
    }
  }

  it.each([
    ['a fixed answer', 'mlx-knife-demo/hello-fp32', {}],
    ['a thought and its answer', 'mlx-knife-demo/thinking-fp32', {}],
    ['an answer that the limit cut', 'mlx-knife-demo/counting-fp32', { max_tokens: 17 }],
    ['characters of several tokens', emoji.name, {}],
    ['tokens that must not show', chatterbox.name, { max_tokens: 40 }],
  ] as const)('%s', async (_, model, params) => {
    const expected = await whole(model, params)
    expect(expected.text).not.toBe('')
    expect({ streamed: await streamed(model, params) }).toEqual({ streamed: expected })
    expect({ chat: await inChat(model, params) }).toEqual({ chat: expected })
    expect({ run: await run(model, params, home.data) }).toEqual({ run: expected })
    expect({ alone: await run(model, params, join(home.root, 'alone')) }).toEqual({ alone: expected })
  })
})
