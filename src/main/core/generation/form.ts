import type { GenerationEvent } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { describeFormat, findJson } from './json-form'
import { startAgain, type Tally } from './tally'
import type { GenerationMessage, GenerationRequest } from './types'

/** One attempt, all that was said. */
interface Said {
  events: GenerationEvent[]
  text: string
  calls: string[]
}

type Verdict = { events: GenerationEvent[] } | { problem: string }

/** True for a request whose answer must be looked at as a whole before it is given. */
export function hasForm({ responseFormat, tools, prompt }: GenerationRequest): boolean {
  return prompt === undefined && (responseFormat !== undefined || (tools !== undefined && tools.choice !== 'auto'))
}

/**
 * An answer that must be JSON, fit a schema or call a tool. The model is told so; an answer that does not is given back to it once with
 * what is wrong. An answer that the token limit has cut is given as it is: its finish reason says so.
 * @throws AppError invalid_output after the second attempt, naming what is wrong
 */
export async function* answerInForm(
  request: GenerationRequest,
  ask: (request: GenerationRequest) => AsyncGenerator<GenerationEvent, void, void>,
  tally: Tally,
): AsyncGenerator<GenerationEvent, void, void> {
  let asked = withInstruction(request)
  for (let attempts = 1; ; attempts += 1) {
    const said: Said = { events: [], text: '', calls: [] }
    for await (const event of ask(asked)) {
      if (event.type === 'state') yield event
      else remember(said, event)
    }
    const verdict: Verdict = tally.reason === 'length' ? { events: said.events } : judge(request, said)
    if ('events' in verdict) {
      yield* verdict.events
      return
    }
    if (attempts === 2) throw failure(request, verdict.problem)
    asked = askAgain(asked, said.text, verdict.problem)
    startAgain(tally)
  }
}

function remember(said: Said, event: GenerationEvent): void {
  said.events.push(event)
  if (event.type === 'text') said.text += event.text
  if (event.type === 'tool_call') said.calls.push(event.name)
}

function judge({ responseFormat, tools }: GenerationRequest, { events, text, calls }: Said): Verdict {
  const choice = tools?.choice ?? 'auto'
  if (choice !== 'auto') {
    const wanted = typeof choice === 'string' ? null : choice.name
    if (calls.length === 0) return { problem: 'no function was called.' }
    const other = calls.find((name) => wanted !== null && name !== wanted)
    return other === undefined ? { events } : { problem: `the function ${other} was called.` }
  }
  if (responseFormat === undefined || calls.length > 0) return { events }
  const found = findJson(text, responseFormat)
  if ('problem' in found) return found
  return { events: [...events.filter(({ type }) => type !== 'text'), { type: 'text', text: found.json }] }
}

function withInstruction(request: GenerationRequest): GenerationRequest {
  const { messages, responseFormat, tools } = request
  const choice = tools?.choice ?? 'auto'
  const rules: string[] = []
  if (choice === 'required') rules.push('Answer with a function call, not with text.')
  else if (choice !== 'auto') rules.push(`Answer with a call of the function ${choice.name}, not with text.`)
  else if (responseFormat !== undefined) rules.push(describeFormat(responseFormat))
  return { ...request, messages: appendToUser(messages, rules.join(' ')) }
}

/** Not as a system message: many templates have no place for one, or only for the first. */
function appendToUser(messages: GenerationMessage[], text: string): GenerationMessage[] {
  const last = messages.findLastIndex(({ role }) => role === 'user')
  if (last === -1) return [...messages, { role: 'user', content: text }]
  return messages.map((message, index) =>
    index === last ? { ...message, content: `${message.content ?? ''}\n\n${text}`.trimStart() } : message,
  )
}

function askAgain(request: GenerationRequest, text: string, problem: string): GenerationRequest {
  const messages: GenerationMessage[] = [
    ...request.messages,
    { role: 'assistant', content: text },
    { role: 'user', content: `That was not what I asked for: ${problem} Answer again, in the form that I asked for.` },
  ]
  return { ...request, messages }
}

function failure({ responseFormat, tools }: GenerationRequest, problem: string): AppError {
  const param = tools !== undefined && tools.choice !== 'auto' ? 'tool_choice' : 'response_format'
  const what = param === 'tool_choice' ? 'call the function' : responseFormat?.type === 'json_schema' ? 'fit the schema' : 'be JSON'
  return new AppError('invalid_output', `The answer had to ${what} and did not, twice: ${problem}`, {
    hint: 'Give the answer more tokens, simplify what is asked for, or choose a larger model.',
    data: { param, problem },
  })
}
