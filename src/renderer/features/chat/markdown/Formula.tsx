// oxlint-disable-next-line import/no-unassigned-import -- a style sheet has nothing to be named
import 'katex/dist/katex.min.css'
import katex from 'katex'
import { useLayoutEffect, useRef } from 'react'

/** A formula, drawn by KaTeX: it runs nothing and loads nothing (`trust` is off); what it cannot read is shown as it was written. */
export default function Formula({ tex, display }: { tex: string; display: boolean }) {
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
