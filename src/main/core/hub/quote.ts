/** Foreign text for a sentence: control characters shown as escapes, long text cut. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null)
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}...` : text)
}
