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

const never = (): boolean => false

/** Parameters of OpenAI's completions, and of other servers' dialects that clients send, which are in no request schema. */
const treatments: Readonly<Record<string, Treatment>> = {
  user: ignore,
  metadata: ignore,
  store: ignore,
  safety_identifier: ignore,
  prompt_cache_key: ignore,
  prompt_cache_retention: ignore,
  service_tier: ignore,
  prediction: ignore,
  functions: { isNeutral: isEmptyList, possible: 'Send tools instead of functions.' },
  function_call: { isNeutral: isOneOf('none', 'auto'), possible: 'Send tools instead of functions.' },
  modalities: {
    isNeutral: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
    possible: 'Only ["text"].',
  },
  verbosity: { isNeutral: isOneOf('medium'), possible: 'Only "medium".' },
  suffix: { isNeutral: isOneOf(''), possible: "Write the model's own fill-in-the-middle tokens into the prompt." },
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
