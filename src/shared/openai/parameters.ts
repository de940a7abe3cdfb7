/** How a request parameter that the gateway does not take as such is met. */
type Treatment =
  /** Changes nothing about the answer, or only how fast it comes. */
  | { ignore: true }
  /** Accepted while it says nothing (`isNeutral`), refused otherwise with what is possible instead. */
  | { isNeutral: (value: unknown) => boolean; possible: string }

const ignore: Treatment = { ignore: true }

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function isOneOf(...values: unknown[]): (value: unknown) => boolean {
  return (value) => values.includes(value)
}

function hasType(value: unknown, type: string): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === type
}

const never = (): boolean => false

/** Parameters of OpenAI's chat completions, and of other servers' dialects that clients send, which are not in the request schema. */
const treatments: Readonly<Record<string, Treatment>> = {
  user: ignore,
  metadata: ignore,
  store: ignore,
  safety_identifier: ignore,
  prompt_cache_key: ignore,
  prompt_cache_retention: ignore,
  service_tier: ignore,
  prediction: ignore,
  parallel_tool_calls: ignore,
  n: { isNeutral: isOneOf(1), possible: 'Only one answer per request (n = 1).' },
  tools: { isNeutral: isEmptyList, possible: 'Send the request without tools.' },
  tool_choice: { isNeutral: isOneOf('none', 'auto'), possible: 'Send the request without tools.' },
  functions: { isNeutral: isEmptyList, possible: 'Send the request without functions.' },
  function_call: { isNeutral: isOneOf('none', 'auto'), possible: 'Send the request without functions.' },
  response_format: {
    isNeutral: (value) => hasType(value, 'text'),
    possible: 'Only the type "text"; ask for JSON in the messages.',
  },
  logprobs: { isNeutral: isOneOf(false), possible: 'Only false.' },
  top_logprobs: { isNeutral: isOneOf(0), possible: 'Only 0.' },
  logit_bias: {
    isNeutral: (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0,
    possible: 'Send the request without it.',
  },
  modalities: {
    isNeutral: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
    possible: 'Only ["text"].',
  },
  verbosity: { isNeutral: isOneOf('medium'), possible: 'Only "medium".' },
  reasoning_effort: { isNeutral: never, possible: 'The model decides itself whether it thinks.' },
  chat_template_kwargs: { isNeutral: never, possible: "The chat template is used with the model's own settings." },
  audio: { isNeutral: never, possible: 'Only text.' },
  web_search_options: { isNeutral: never, possible: 'Only what stands in the messages.' },
}

/** Why a parameter cannot be honoured and what is possible instead; null when it is harmless. An unknown one may change the meaning. */
export function whyUnsupported(name: string, value: unknown): string | null {
  const treatment = Object.hasOwn(treatments, name) ? treatments[name] : undefined
  if (treatment === undefined) return 'Send the request without it.'
  if ('ignore' in treatment || treatment.isNeutral(value)) return null
  return treatment.possible
}
