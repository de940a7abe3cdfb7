/** Every error a user can meet has one code; the three tables in this folder must know each of them (forgetting one does not compile). */
const codesByDomain = {
  call: [
    'invalid_input',
    'method_not_found',
    'unauthorized',
    'forbidden',
    'too_large',
    'cancelled',
    'timeout',
    'connection_lost',
    'not_implemented',
    'internal',
  ],
  models: [
    'model_not_found',
    'ambiguous_match',
    'invalid_name',
    'hash_not_found',
    'model_unhealthy',
    'model_incompatible',
    'cache_unreadable',
    'locks_present',
    'not_removable',
    'workspace_model',
  ],
  engine: [
    'engine_missing',
    'engine_install_failed',
    'engine_load_failed',
    'engine_crashed',
    'engine_timeout',
    'custom_code_refused',
    'insufficient_memory',
    'memory_busy',
  ],
  generation: [
    'invalid_request',
    'unsupported_parameter',
    'unsupported_media_type',
    'context_length_exceeded',
    'invalid_output',
    'rate_limit_exceeded',
    'server_shutdown',
    'not_found',
    'method_not_allowed',
  ],
  hub: ['access_denied', 'revision_not_found', 'hub_offline', 'network_failed', 'hub_rate_limited', 'hub_failed', 'hub_invalid'],
  downloads: ['download_corrupt', 'download_not_found', 'not_imported'],
  chats: ['chat_not_found', 'invalid_chat_file', 'chats_too_new', 'chats_damaged'],
  ownership: ['already_running', 'busy', 'job_not_found'],
  system: ['port_in_use', 'listen_failed', 'disk_full', 'permission_denied', 'invalid_setting'],
  cli: ['requires_confirmation', 'usage'],
} as const

export type ErrorCode = (typeof codesByDomain)[keyof typeof codesByDomain][number]

const allCodes: ReadonlySet<string> = new Set(Object.values(codesByDomain).flat())

/** True when a string that came over a wire is one of our codes. */
export function isErrorCode(value: string): value is ErrorCode {
  return allCodes.has(value)
}

export const errorCodes: readonly ErrorCode[] = Object.values(codesByDomain).flat()
