import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'

let validate: ValidateFunction | null = null

/**
 * What a document breaks of mlx-knife's published schema, whose file `MLXK_TEST_JSON_SCHEMA` names; nothing where the variable is not
 * set. (`src/main/cli/output/published.ts` holds the same promise without the file.)
 */
export function validatePublished(document: unknown): string[] {
  const path = process.env['MLXK_TEST_JSON_SCHEMA'] ?? ''
  if (path === '') return []
  // Its keywords for objects stand beside `type` lists, which strict mode minds.
  validate ??= new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(readFileSync(path, 'utf8')) as object)
  return validate(document) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)
}
