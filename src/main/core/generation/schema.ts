import { runInNewContext } from 'node:vm'
import type { ErrorObject, ValidateFunction } from 'ajv'
import { AppError } from '../../../shared/errors'

/** A pattern of the client's own may take for ever; so may a schema of many branches. */
const patienceMs = 2000
const maxSchemaCharacters = 256 * 1024

/**
 * Compiles a client's JSON Schema (2020-12; draft 7 when it says so or is only valid there) to a check of values. The check says what is
 * wrong first, and takes two seconds at most.
 * @throws AppError invalid_request with `data.param`
 */
export async function compileSchema(schema: Record<string, unknown>, param: string): Promise<(value: unknown) => string | null> {
  if (JSON.stringify(schema).length > maxSchemaCharacters) {
    throw new AppError('invalid_request', `${param}: the schema is larger than 256 KiB.`, { data: { param } })
  }
  const [{ Ajv2020 }, { Ajv }, { default: formats }] = await Promise.all([
    import('ajv/dist/2020'),
    import('ajv'),
    import('ajv-formats'),
  ])
  const { $schema, ...rest } = schema
  const options = { strict: false, allErrors: false, validateSchema: true, logger: false } as const
  const compile = (Dialect: typeof Ajv2020 | typeof Ajv): ValidateFunction => {
    const ajv = new Dialect(options)
    formats.default(ajv)
    return ajv.compile(rest)
  }
  const dialects = typeof $schema === 'string' && /draft-0[4-7]/.test($schema) ? [Ajv, Ajv2020] : [Ajv2020, Ajv]
  let failure: unknown
  for (const dialect of dialects) {
    try {
      const validate = bounded(() => compile(dialect))
      return (value) => check(validate, value)
    } catch (error) {
      failure ??= error
    }
  }
  const reason = failure instanceof Error ? failure.message : 'it cannot be compiled'
  throw new AppError('invalid_request', `${param} is not a JSON Schema that can be used: ${reason}.`, { data: { param } })
}

function check(validate: ValidateFunction, value: unknown): string | null {
  try {
    return bounded(() => validate(value)) ? null : describe(validate.errors?.[0])
  } catch {
    return 'checking it against the schema took too long.'
  }
}

/** Ends what runs for too long, a regular expression as well. @throws when it does, and what `work` throws */
function bounded<T>(work: () => T): T {
  let result: { value: T } | null = null
  runInNewContext('work()', { work: () => void (result = { value: work() }) }, { timeout: patienceMs })
  if (result === null) throw new Error('it takes too long')
  return (result as { value: T }).value
}

function describe(error: ErrorObject | undefined): string {
  if (error === undefined) return 'it does not fit the schema.'
  const place = error.instancePath === '' ? 'the JSON' : error.instancePath.slice(1).replaceAll('/', '.')
  const extra = error.keyword === 'additionalProperties' ? ` (${String(error.params['additionalProperty'])})` : ''
  return `${place} ${error.message ?? 'does not fit the schema'}${extra}.`
}
