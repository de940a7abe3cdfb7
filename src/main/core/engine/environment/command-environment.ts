import type { Env } from '../../system'

const inherited =
  /^(HOME|PATH|TMPDIR|LANG|LC_[A-Z]+|USER|LOGNAME|SHELL|XDG_(CACHE|CONFIG|DATA)_HOME|NETRC|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|PIP_\w+|UV_\w+|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy)$/
/** These would lead an installation to another place, or change what it installs. */
const refused =
  /^(PIP_(TARGET|PREFIX|ROOT|USER|PYTHON|REQUIREMENT|CONSTRAINT|EDITABLE|DRY_RUN|REPORT|QUIET|VERBOSE|LOG|REQUIRE_VIRTUALENV|NO_BINARY|PRE)|UV_(PYTHON|SYSTEM_PYTHON|TARGET|PREFIX|PROJECT|PROJECT_ENVIRONMENT|WORKING_DIRECTORY|BREAK_SYSTEM_PACKAGES|CONSTRAINT|OVERRIDE|EXCLUDE|NO_BINARY|NO_VERIFY_HASHES|PRERELEASE|RESOLUTION|OFFLINE))$/

/**
 * Environment of pip, uv and probes. Users with mirrors, proxies and their own certificates say so in variables, which must go
 * through; Python's own variables must not.
 */
export function commandEnvironment(env: Env): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && inherited.test(name) && !refused.test(name)) result[name] = value
  }
  return {
    ...result,
    PYTHONNOUSERSITE: '1',
    PYTHONUNBUFFERED: '1',
    PIP_NO_INPUT: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_PROGRESS_BAR: 'off',
    PIP_NO_COLOR: '1',
    UV_NO_PROGRESS: '1',
    NO_COLOR: '1',
  }
}
