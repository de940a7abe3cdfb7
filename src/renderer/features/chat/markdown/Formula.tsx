// oxlint-disable-next-line import/no-unassigned-import -- a style sheet has nothing to be named
import 'katex/dist/katex.min.css'
import katex from 'katex'
import { useLayoutEffect, useRef } from 'react'

/** A formula, drawn by KaTeX: it runs nothing and loads nothing (`trust` is off); what it cannot read is shown as it was written. */
function Formula({ tex, display }: { tex: string; display: boolean }) {
  const element = useRef<HTMLSpanElement>(null)
  useLayoutEffect(() => {
    if (element.current === null) return
    try {
      katex.render(tex, element.current, { displayMode: display, throwOnError: false, trust: false, maxSize: 20, maxExpand: 200 })
    } catch {
      element.current.textContent = tex
    }
  }, [tex, display])
  return <span ref={element} dir="ltr" className={display ? 'block overflow-x-auto py-1' : undefined} />
}

const FONTS = ['1em KaTeX_Main', 'italic 1em KaTeX_Math', '1em KaTeX_Size1', '1em KaTeX_Size2']
const LONGEST_WAIT_MS = 1_000

/** The component, once its most used fonts are there: a formula that changes its width would move what stands beside it. */
export async function withFonts(): Promise<{ default: typeof Formula }> {
  // A page without fonts of its own, as in a test.
  if (!('fonts' in document)) return { default: Formula }
  const late = new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT_MS))
  await Promise.race([late, Promise.allSettled(FONTS.map((font) => document.fonts.load(font)))])
  return { default: Formula }
}
