/**
 * Conversations: their history in SQLite, and the answers that are written into it as they come. The history knows no engine and no
 * window; an answer belongs to the owner, so that whoever asked may go away. Prompts and answers are never logged. Imports the faces of
 * `generation` (types) and `system`; imported by the composition root and the control handlers.
 *
 *   const chats = createChats({ open: () => openHistory(paths.chats, …), generator, now, newId, onChange })
 */
export { createChats, type Chats, type ChatsDeps } from './chats'
export { openHistory, type History } from './history'
