import OpenAI from 'openai'
import {
  baseURL,
  caller,
  counting,
  failure,
  hello,
  jsonSpeaker,
  messages,
  nobody,
  personSchema,
  print,
  weatherParameters,
} from './ask.mjs'

const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 })
const { completions } = client.chat
const list = (await client.models.list()).data.map(({ id }) => id)
const chat = await completions.create({ model: hello, messages })

let text = ''
let pieces = 0
for await (const chunk of await completions.create({ model: hello, messages, stream: true })) {
  text += chunk.choices[0]?.delta.content ?? ''
  pieces += 1
}

const tools = [{ type: 'function', function: { name: 'weather', parameters: weatherParameters } }]
const called = await completions.create({ model: caller, messages, tools })
const [call] = called.choices[0].message.tool_calls

const format = { type: 'json_schema', json_schema: { name: 'person', strict: true, schema: personSchema } }
const parsed = await completions.parse({ model: jsonSpeaker, messages, response_format: format })

const controller = new AbortController()
const abort = await failure(async () => {
  const stream = await completions.create(
    { model: counting, messages, stream: true, max_tokens: 2000 },
    { signal: controller.signal },
  )
  for await (const _ of stream) controller.abort()
  throw new DOMException('the stream ended', 'AbortError')
})

print({
  list,
  chat: { text: chat.choices[0].message.content, finish: chat.choices[0].finish_reason, tokens: chat.usage.completion_tokens },
  stream: { text, pieces },
  tools: { name: call.function.name, arguments: JSON.parse(call.function.arguments) },
  schema: JSON.parse(parsed.choices[0].message.content.replaceAll(/^[^{]*|[^}]*$/g, '')),
  missing: await failure(() => completions.create({ model: nobody, messages })),
  bad: await failure(() => completions.create({ model: hello, messages, temperature: 9 })),
  abort,
})
