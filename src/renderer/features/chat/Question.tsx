import { Pencil } from 'lucide-react'
import { memo, useEffect, useRef, useState } from 'react'
import type { ThreadMessage } from '../../../shared/contract'
import { useChat, useWindow } from '../../app/context'
import { Button, IconButton } from '../../components/ui/Button'
import { FileChips } from './FileChips'
import { Versions } from './Versions'

function Editor({ message }: { message: ThreadMessage }) {
  const { t, chat, view } = useWindow()
  const [text, setText] = useState(message.content)
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    area.current?.focus()
    area.current?.setSelectionRange(area.current.value.length, area.current.value.length)
  }, [])
  const leave = (): void => {
    chat.setEditing(null)
    view.focus('composer')
  }
  const send = (): void => {
    view.focus('composer')
    void chat.edit(message.id, text)
  }
  return (
    <div className="grid w-full gap-2 rounded-4 bg-field p-2.5">
      <textarea
        ref={area}
        dir="auto"
        aria-label={t.chat.editLabel}
        value={text}
        rows={Math.min(10, text.split('\n').length + 1)}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return
          if (event.key === 'Escape') leave()
          else if (event.key === 'Enter' && !event.shiftKey) send()
          else return
          event.preventDefault()
          event.stopPropagation()
        }}
        className="text w-full resize-none rounded-2 bg-window p-2 text-14 outline-none focus-visible:shadow-[inset_0_0_0_1px_var(--k-edge)]"
      />
      <div className="flex justify-end gap-2">
        <Button size="s" onClick={leave}>
          {t.common.cancel}
        </Button>
        <Button size="s" kind="primary" off={text.trim() === '' ? '' : false} onClick={send}>
          {t.chat.send}
        </Button>
      </div>
    </div>
  )
}

/** What a person has asked. */
export const Question = memo(function Question({ message }: { message: ThreadMessage }) {
  const { t, chat } = useWindow()
  const editing = useChat((state) => state.editing === message.id)
  if (editing) return <Editor message={message} />
  return (
    <div className="flex flex-col items-end gap-0.5">
      <div className="grid max-w-[82%] gap-1.5 rounded-4 bg-field px-3 py-2 text-14">
        <span className="sr-only">{t.chat.you}: </span>
        <FileChips files={message.attachments} />
        {message.content === '' ? null : (
          <span dir="auto" className="text whitespace-pre-wrap [overflow-wrap:anywhere]">
            {message.content}
          </span>
        )}
      </div>
      <div className="-me-[5px] flex h-6 items-center">
        <Versions message={message} />
        <IconButton label={t.chat.edit} size="s" className="text-ink-3" onClick={() => chat.setEditing(message.id)}>
          <Pencil size={13} aria-hidden="true" />
        </IconButton>
      </div>
    </div>
  )
})
