/**
 * The interpreter with mlx_lm for tests with a real engine. `npm test` installs one and sets the variable.
 * @throws Error when it is not set
 */
export function testPython(): string {
  const python = process.env['MLXK_TEST_PYTHON']
  if (python === undefined || python === '')
    throw new Error('MLXK_TEST_PYTHON is not set: run the tests with "npm test", which installs an engine')
  return python
}

/** False, with the reason printed, where no engine is installed for the tests; in CI a missing engine is a failure. */
export function needsEngine(): boolean {
  const set = (process.env['MLXK_TEST_PYTHON'] ?? '') !== ''
  if (!set && process.env['CI'] === 'true') testPython()
  if (!set) console.log('skipped: no engine for the tests (MLXK_TEST_PYTHON); "npm test" installs one')
  return set
}

/**
 * The real `mlxk` of mlx-knife, or null, with the reason printed, where it is not installed. `npm test` installs it and sets the variable.
 * @throws Error in CI when it is missing
 */
export function findPeer(): string | null {
  const peer = process.env['MLXK_TEST_PEER'] ?? ''
  if (peer !== '') return peer
  const reason = process.env['MLXK_TEST_PEER_PROBLEM'] ?? 'MLXK_TEST_PEER is not set: "npm test" installs it'
  if (process.env['CI'] === 'true') throw new Error(`mlx-knife could not be installed: ${reason}`)
  console.log(`skipped: no mlx-knife to compare with (${reason})`)
  return null
}

/**
 * The folder with the clients of other makers, or null, with the reason printed, where they are not installed. `npm test` installs them and
 * sets the variable.
 * @throws Error in CI when they are missing
 */
export function findClients(): string | null {
  const folder = process.env['MLXK_TEST_CLIENTS'] ?? ''
  if (folder !== '') return folder
  const reason = process.env['MLXK_TEST_CLIENTS_PROBLEM'] ?? 'MLXK_TEST_CLIENTS is not set: "npm test" installs them'
  if (process.env['CI'] === 'true') throw new Error(`the clients could not be installed: ${reason}`)
  console.log(`skipped: no clients to try the API with (${reason})`)
  return null
}
