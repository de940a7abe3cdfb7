import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateObject, generateText, jsonSchema, streamText, tool } from 'ai'
import { baseURL, caller, counting, failure, hello, jsonSpeaker, nobody, personSchema, print, weatherParameters } from './ask.mjs'

const provider = createOpenAICompatible({ name: 'mlxk', baseURL, supportsStructuredOutputs: true })
const ask = (name, more = {}) => generateText({ model: provider(name), prompt: 'Hello', maxRetries: 0, ...more })

const chat = await ask(hello)
const streamed = streamText({ model: provider(hello), prompt: 'Hello', maxRetries: 0 })
let text = ''
let pieces = 0
for await (const piece of streamed.textStream) {
  text += piece
  pieces += 1
}
const called = await ask(caller, {
  tools: { weather: tool({ description: 'of a city', inputSchema: jsonSchema(weatherParameters) }) },
})
const { object: schema } = await generateObject({
  model: provider(jsonSpeaker),
  prompt: 'Hello',
  schema: jsonSchema(personSchema),
  maxRetries: 0,
})

const controller = new AbortController()
const abort = await failure(async () => {
  const stream = streamText({
    model: provider(counting),
    prompt: 'Hello',
    maxOutputTokens: 2000,
    maxRetries: 0,
    abortSignal: controller.signal,
  })
  for await (const _ of stream.textStream) controller.abort()
  throw new DOMException('the stream ended', 'AbortError')
})

print({
  // It has no call for it.
  list: null,
  chat: { text: chat.text, finish: chat.finishReason, tokens: chat.usage.outputTokens },
  stream: { text, pieces },
  tools: { name: called.toolCalls[0].toolName, arguments: called.toolCalls[0].input },
  schema,
  missing: await failure(() => ask(nobody)),
  bad: await failure(() => ask(hello, { temperature: 9 })),
  abort,
})
