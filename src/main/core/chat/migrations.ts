import type { Database } from './database'

interface Indexed {
  table: string
  columns: readonly string[]
  /** Is a row (`old` or `new`) in the index? */
  when: (row: string) => string
  /** What `when` looks at. */
  watched: readonly string[]
}

/** Keeps a text index at what its table says. In one trigger per change, since SQLite does not promise the order of several. */
function textTriggers({ table, columns, when, watched }: Indexed): string {
  const index = `${table}_text`
  const names = columns.join(', ')
  const of = (row: string): string => columns.map((column) => `${row}.${column}`).join(', ')
  const add = `INSERT INTO ${index} (rowid, ${names}) SELECT new.seq, ${of('new')} WHERE ${when('new')};`
  const remove = `INSERT INTO ${index} (${index}, rowid, ${names}) SELECT 'delete', old.seq, ${of('old')} WHERE ${when('old')};`
  return `
    CREATE TRIGGER ${index}_insert AFTER INSERT ON ${table} BEGIN ${add} END;
    CREATE TRIGGER ${index}_delete AFTER DELETE ON ${table} BEGIN ${remove} END;
    CREATE TRIGGER ${index}_update AFTER UPDATE OF ${[...columns, ...watched].join(', ')} ON ${table} BEGIN ${remove} ${add} END;`
}

/**
 * The trigram index finds any part of a word, in every script. An answer enters it when it has ended: a growing one would be indexed
 * anew with every write.
 */
function makeTextIndex(database: Database): void {
  const options = database.prepare('PRAGMA compile_options').all()
  if (!options.some((row) => row['compile_options'] === 'ENABLE_FTS5')) return
  database.exec(`
    CREATE VIRTUAL TABLE messages_text USING fts5(
      content, reasoning, attachments, content='messages', content_rowid='seq', tokenize='trigram remove_diacritics 1'
    );
    CREATE VIRTUAL TABLE chats_text USING fts5(title, content='chats', content_rowid='seq', tokenize='trigram remove_diacritics 1');
    ${textTriggers({
      table: 'messages',
      columns: ['content', 'reasoning', 'attachments'],
      when: (row) => `${row}.state <> 'streaming'`,
      watched: ['state'],
    })}
    ${textTriggers({ table: 'chats', columns: ['title'], when: () => '1', watched: [] })}
  `)
}

/** Step n brings a file of version n to n + 1. Forward only; a step that was released never changes. */
export const migrations: readonly ((database: Database) => void)[] = [
  (database) => {
    // `seq` is AUTOINCREMENT: a number that was used is never another message's, which the text index relies on.
    database.exec(`
      CREATE TABLE chats (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        named INTEGER NOT NULL DEFAULT 0,
        pinned INTEGER NOT NULL DEFAULT 0,
        model TEXT,
        system_prompt TEXT NOT NULL DEFAULT '',
        params TEXT NOT NULL DEFAULT '{}',
        leaf TEXT,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        deleted_at INTEGER
      );
      CREATE INDEX chats_shown ON chats (pinned DESC, updated_at DESC, seq DESC) WHERE deleted_at IS NULL;
      CREATE INDEX chats_deleted ON chats (deleted_at) WHERE deleted_at IS NOT NULL;
      CREATE TABLE messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        chat INTEGER NOT NULL REFERENCES chats (seq) ON DELETE CASCADE,
        parent TEXT,
        role TEXT NOT NULL,
        content TEXT NOT NULL,
        reasoning TEXT,
        reasoning_ms REAL,
        model TEXT,
        created_at INTEGER NOT NULL,
        state TEXT NOT NULL,
        finish_reason TEXT,
        usage TEXT,
        timing TEXT,
        error TEXT,
        attachments TEXT
      );
      CREATE INDEX messages_tree ON messages (chat, parent, seq);
      CREATE INDEX messages_streaming ON messages (seq) WHERE state = 'streaming';
    `)
    makeTextIndex(database)
  },
]
