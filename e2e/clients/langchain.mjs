import { ChatOpenAI } from '@langchain/openai'
import { baseURL, caller, counting, failure, hello, jsonSpeaker, nobody, personSchema, print, weatherParameters } from './ask.mjs'

const model = (name, more = {}) =>
  new ChatOpenAI({ model: name, apiKey: 'none', maxRetries: 0, configuration: { baseURL }, ...more })

const chat = await model(hello).invoke('Hello')
let text = ''
let pieces = 0
for await (const chunk of await model(hello).stream('Hello')) {
  text += chunk.content
  pieces += 1
}
const tools = [{ type: 'function', function: { name: 'weather', description: 'of a city', parameters: weatherParameters } }]
const called = await model(caller).bindTools(tools).invoke('Hello')
const schema = await model(jsonSpeaker).withStructuredOutput(personSchema, { name: 'person', method: 'jsonSchema' }).invoke('Hello')

const controller = new AbortController()
const abort = await failure(async () => {
  for await (const _ of await model(counting, { maxTokens: 2000 }).stream('Hello', { signal: controller.signal }))
    controller.abort()
  throw new DOMException('the stream ended', 'AbortError')
})

print({
  // It has no call for it.
  list: null,
  chat: { text: chat.content, finish: chat.response_metadata.finish_reason, tokens: chat.usage_metadata.output_tokens },
  stream: { text, pieces },
  tools: { name: called.tool_calls[0].name, arguments: called.tool_calls[0].args },
  schema,
  missing: await failure(() => model(nobody).invoke('Hello')),
  bad: await failure(() => model(hello, { temperature: 9 }).invoke('Hello')),
  abort,
})
