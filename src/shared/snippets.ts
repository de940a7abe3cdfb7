export interface SnippetTarget {
  /** With `/v1`. */
  baseUrl: string
  model: string
  /** Programs must show a key; it is taken from the environment, so that none lies in a file by accident. */
  needsKey: boolean
  /** Tokens that the model can hold. */
  contextTokens: number
}

export const snippetNames = ['curl', 'python', 'node', 'langchain', 'continue', 'zed', 'openwebui'] as const
export type SnippetName = (typeof snippetNames)[number]

/** The variable that the examples read a key from. */
export const KEY_VARIABLE = 'MLXK_API_KEY'

const quoted = (text: string): string => JSON.stringify(text)
/** For a POSIX shell. */
const shell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const lines = (...all: (string | null)[]): string => all.filter((line) => line !== null).join('\n')

const makers: Record<SnippetName, (target: SnippetTarget) => string> = {
  curl: ({ baseUrl, model, needsKey }) =>
    lines(
      `curl ${shell(`${baseUrl}/chat/completions`)} \\`,
      `  -H 'Content-Type: application/json' \\`,
      needsKey ? `  -H "Authorization: Bearer $${KEY_VARIABLE}" \\` : null,
      `  -d ${shell(`{"model": ${quoted(model)}, "messages": [{"role": "user", "content": "Hello"}]}`)}`,
    ),
  python: ({ baseUrl, model, needsKey }) =>
    lines(
      '# pip install openai',
      needsKey ? 'import os' : null,
      'from openai import OpenAI',
      '',
      `client = OpenAI(base_url=${quoted(baseUrl)}, api_key=${needsKey ? `os.environ["${KEY_VARIABLE}"]` : '"none"'})`,
      'stream = client.chat.completions.create(',
      `    model=${quoted(model)},`,
      '    messages=[{"role": "user", "content": "Hello"}],',
      '    stream=True,',
      ')',
      'for chunk in stream:',
      '    print(chunk.choices[0].delta.content or "", end="", flush=True)',
    ),
  node: ({ baseUrl, model, needsKey }) =>
    lines(
      '// npm install openai',
      `import OpenAI from 'openai'`,
      '',
      `const client = new OpenAI({ baseURL: ${quoted(baseUrl)}, apiKey: ${needsKey ? `process.env.${KEY_VARIABLE}` : `'none'`} })`,
      'const stream = await client.chat.completions.create({',
      `  model: ${quoted(model)},`,
      `  messages: [{ role: 'user', content: 'Hello' }],`,
      '  stream: true,',
      '})',
      `for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')`,
    ),
  langchain: ({ baseUrl, model, needsKey }) =>
    lines(
      '# pip install langchain-openai',
      needsKey ? 'import os' : null,
      'from langchain_openai import ChatOpenAI',
      '',
      'llm = ChatOpenAI(',
      `    base_url=${quoted(baseUrl)},`,
      `    api_key=${needsKey ? `os.environ["${KEY_VARIABLE}"]` : '"none"'},`,
      `    model=${quoted(model)},`,
      ')',
      'print(llm.invoke("Hello").content)',
    ),
  continue: ({ baseUrl, model, needsKey }) =>
    lines(
      '# ~/.continue/config.yaml',
      'name: MLX Knife',
      'version: 1.0.0',
      'schema: v1',
      'models:',
      '  - name: MLX Knife',
      '    provider: openai',
      `    model: ${quoted(model)}`,
      `    apiBase: ${quoted(baseUrl)}`,
      `    apiKey: ${needsKey ? `\${{ secrets.${KEY_VARIABLE} }}` : 'none'}`,
    ),
  zed: ({ baseUrl, model, contextTokens }) =>
    JSON.stringify(
      {
        language_models: {
          openai_compatible: {
            'MLX Knife': { api_url: baseUrl, available_models: [{ name: model, max_tokens: contextTokens }] },
          },
        },
      },
      null,
      2,
    ),
  openwebui: ({ baseUrl, needsKey }) =>
    lines(
      '# pip install open-webui',
      `export OPENAI_API_BASE_URL=${shell(baseUrl)}`,
      `export OPENAI_API_KEY=${needsKey ? `"$${KEY_VARIABLE}"` : 'none'}`,
      'open-webui serve',
    ),
}

/** What a person pastes into a terminal or a program's settings to reach this API. */
export function makeSnippet(name: SnippetName, target: SnippetTarget): string {
  return makers[name](target)
}
