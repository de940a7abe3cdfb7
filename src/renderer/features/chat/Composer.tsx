import { ArrowUp, Square } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent } from 'react'
import { shortcutLabel } from '../../app/shortcuts'
import { useChat, useView, useWindow } from '../../app/context'
import { Button, IconButton } from '../../components/ui/Button'
import { Kbd } from '../../components/ui/Kbd'

const MAX_SHARE = 0.4

interface ComposerProps {
  /** Why nothing can be sent now, or false. */
  off: string | false
}

export function Composer({ off }: ComposerProps) {
  const { t, chat, host, view } = useWindow()
  const input = useChat((state) => state.input)
  const answering = useChat((state) => state.draft !== null)
  const focus = useView((state) => (state.focus?.target === 'composer' ? state.focus.turn : 0))
  const area = useRef<HTMLTextAreaElement>(null)

  useEffect(() => area.current?.focus(), [])
  useEffect(() => {
    if (focus === 0) return
    area.current?.focus()
    view.focusDone()
  }, [focus, view])
  // After every render: the text may have changed from outside, too.
  useLayoutEffect(() => {
    const element = area.current
    if (element === null) return
    element.style.height = 'auto'
    element.style.height = `${Math.min(element.scrollHeight, window.innerHeight * MAX_SHARE)}px`
  })

  const send = (): void => {
    if (off === false) void chat.send()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, ↩ belongs to it.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    event.stopPropagation()
    send()
  }
  const stopKeys = shortcutLabel('stop', host)
  return (
    <div className="flex-none px-6">
      <div className="mx-auto max-w-[688px] rounded-4 bg-raised ps-3.5 pe-2 pt-2.5 pb-2 shadow-[inset_0_0_0_1px_var(--k-line-2),0_2px_8px_var(--k-shade-1)] focus-within:shadow-[inset_0_0_0_1px_var(--k-edge),0_2px_8px_var(--k-shade-1)]">
        <div className="flex items-end gap-2">
          <textarea
            ref={area}
            rows={1}
            dir="auto"
            aria-label={t.chat.composer}
            placeholder={t.chat.placeholder}
            value={input}
            onChange={(event) => chat.setInput(event.target.value)}
            onKeyDown={onKeyDown}
            className="text max-h-[40vh] min-h-[22px] w-full min-w-0 resize-none bg-transparent py-px text-14 outline-none"
          />
          {answering ? (
            <Button size="s" icon={<Square size={10} fill="currentColor" strokeWidth={0} aria-hidden="true" />} onClick={chat.stop}>
              {t.chat.stop}
              <Kbd>{stopKeys}</Kbd>
            </Button>
          ) : (
            <IconButton
              label={t.chat.send}
              shortcut={host.isMac ? '↩' : 'Enter'}
              kind="primary"
              size="s"
              off={off !== false ? off : input.trim() === '' ? '' : false}
              onClick={send}
            >
              <ArrowUp size={14} aria-hidden="true" />
            </IconButton>
          )}
        </div>
      </div>
      <div className="mx-auto mt-1.5 mb-2.5 flex max-w-[688px] justify-between gap-4 px-3.5 text-11 text-ink-3">
        <span className="flex-none max-side:hidden">
          {t.chat.hint(host.isMac ? '↩' : 'Enter', host.isMac ? '⇧↩' : 'Shift+Enter')}
        </span>
        <span className="truncate">{t.chat.disclaimer}</span>
      </div>
    </div>
  )
}
