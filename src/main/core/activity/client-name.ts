const MAX_LENGTH = 40

/** What a program calls itself in `User-Agent`, in short: `curl`, `Zed`, `OpenAI/Python`. Null when it says nothing. */
export function clientName(userAgent: string | undefined): string | null {
  const first = (userAgent ?? '').trim().slice(0, 200).split(/[\s(]/, 1)[0] ?? ''
  const parts = first.replaceAll(/[^\x21-\x7e]/g, '').split('/')
  // A part that begins with a digit is a version: `curl/8.5`, but `OpenAI/Python`.
  const named = parts.slice(0, 2).filter((part, index) => index === 0 || !/^v?\d/.test(part))
  const name = named.join('/').slice(0, MAX_LENGTH)
  return name === '' ? null : name
}
