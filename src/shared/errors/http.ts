import type { ErrorCode } from './codes'

/** OpenAI's error classes; the official clients choose their exception by status, people read the type. */
export type OpenAiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'rate_limit_error'
  | 'service_unavailable_error'
  | 'server_error'

/** Code → HTTP status and OpenAI error type. */
export const httpErrors: Record<ErrorCode, { status: number; type: OpenAiErrorType }> = {
  invalid_input: { status: 400, type: 'invalid_request_error' },
  method_not_found: { status: 404, type: 'not_found_error' },
  unauthorized: { status: 401, type: 'authentication_error' },
  forbidden: { status: 403, type: 'permission_error' },
  too_large: { status: 413, type: 'invalid_request_error' },
  cancelled: { status: 499, type: 'invalid_request_error' },
  timeout: { status: 504, type: 'server_error' },
  connection_lost: { status: 502, type: 'server_error' },
  not_implemented: { status: 501, type: 'invalid_request_error' },
  internal: { status: 500, type: 'server_error' },
  model_not_found: { status: 404, type: 'not_found_error' },
  ambiguous_match: { status: 400, type: 'invalid_request_error' },
  invalid_name: { status: 400, type: 'invalid_request_error' },
  hash_not_found: { status: 404, type: 'not_found_error' },
  model_unhealthy: { status: 409, type: 'invalid_request_error' },
  model_incompatible: { status: 501, type: 'invalid_request_error' },
  cache_unreadable: { status: 503, type: 'service_unavailable_error' },
  locks_present: { status: 409, type: 'invalid_request_error' },
  not_removable: { status: 409, type: 'invalid_request_error' },
  workspace_model: { status: 400, type: 'invalid_request_error' },
  engine_missing: { status: 503, type: 'service_unavailable_error' },
  engine_install_failed: { status: 500, type: 'server_error' },
  engine_load_failed: { status: 503, type: 'service_unavailable_error' },
  engine_crashed: { status: 503, type: 'service_unavailable_error' },
  engine_timeout: { status: 503, type: 'service_unavailable_error' },
  custom_code_refused: { status: 403, type: 'permission_error' },
  insufficient_memory: { status: 507, type: 'server_error' },
  memory_busy: { status: 503, type: 'service_unavailable_error' },
  invalid_request: { status: 400, type: 'invalid_request_error' },
  unsupported_parameter: { status: 400, type: 'invalid_request_error' },
  unsupported_media_type: { status: 415, type: 'invalid_request_error' },
  context_length_exceeded: { status: 400, type: 'invalid_request_error' },
  invalid_output: { status: 422, type: 'invalid_request_error' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error' },
  server_shutdown: { status: 503, type: 'service_unavailable_error' },
  not_found: { status: 404, type: 'not_found_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error' },
  access_denied: { status: 403, type: 'permission_error' },
  revision_not_found: { status: 404, type: 'not_found_error' },
  hub_offline: { status: 503, type: 'service_unavailable_error' },
  network_failed: { status: 502, type: 'server_error' },
  hub_rate_limited: { status: 429, type: 'rate_limit_error' },
  hub_failed: { status: 502, type: 'server_error' },
  hub_invalid: { status: 502, type: 'server_error' },
  not_imported: { status: 409, type: 'invalid_request_error' },
  download_corrupt: { status: 502, type: 'server_error' },
  download_not_found: { status: 404, type: 'not_found_error' },
  chat_not_found: { status: 404, type: 'not_found_error' },
  invalid_chat_file: { status: 400, type: 'invalid_request_error' },
  chats_too_new: { status: 409, type: 'invalid_request_error' },
  chats_damaged: { status: 500, type: 'server_error' },
  already_running: { status: 409, type: 'invalid_request_error' },
  busy: { status: 409, type: 'invalid_request_error' },
  job_not_found: { status: 404, type: 'not_found_error' },
  port_in_use: { status: 409, type: 'server_error' },
  listen_failed: { status: 500, type: 'server_error' },
  disk_full: { status: 507, type: 'server_error' },
  permission_denied: { status: 500, type: 'server_error' },
  invalid_setting: { status: 400, type: 'invalid_request_error' },
  requires_confirmation: { status: 409, type: 'invalid_request_error' },
  usage: { status: 400, type: 'invalid_request_error' },
}
