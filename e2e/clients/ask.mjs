// What every script is told, and the question that all ask.
export const { BASE_URL: baseURL, HELLO: hello, COUNTING: counting, CALLER: caller, JSON_SPEAKER: jsonSpeaker } = process.env
export const nobody = 'nobody/nothing'
export const messages = [{ role: 'user', content: 'Hello' }]
export const weatherParameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
export const personSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, age: { type: 'integer' } },
  required: ['city', 'age'],
  additionalProperties: false,
}

/** What a client made of a failure. */
export async function failure(work) {
  try {
    await work()
    return null
  } catch (error) {
    return {
      class: error.constructor.name,
      name: error.name,
      status: error.status ?? error.statusCode ?? null,
      code: error.code ?? error.lc_error_code ?? null,
    }
  }
}

export function print(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
