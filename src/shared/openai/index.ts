/**
 * OpenAI's wire dialect as values: what a request may hold, what an answer looks like. Pure; used by the gateway, by clients of it in
 * the CLI, and by tests. Not the contract of our own processes (shared/contract).
 */
export { parseChatRequest, type ChatRequest, type ChatRequestMessage } from './chat-request'
export { parseCompletionRequest, type CompletionRequest } from './completion-request'
export { keepAlive, parseBody } from './request-parts'
export type * from './responses'
