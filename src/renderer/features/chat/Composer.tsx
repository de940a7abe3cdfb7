import { ArrowUp, ChevronsUpDown, Paperclip, Square } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react'
import { shortcutLabel } from '../../app/shortcuts'
import { useChat, useView, useWindow } from '../../app/context'
import { Button, IconButton } from '../../components/ui/Button'
import { Kbd } from '../../components/ui/Kbd'
import { cx } from '../../lib/cx'
import { FileChips } from './FileChips'
import { readFiles } from './files'
import { presetOf } from './model'
import { ThinkingSwitch } from './ThinkingSwitch'

const MAX_SHARE = 0.4

interface ComposerProps {
  /** Why nothing can be sent now, or false. */
  off: string | false
}

export function Composer({ off }: ComposerProps) {
  const { t, chat, host, view, stores } = useWindow()
  const input = useChat((state) => state.input)
  const files = useChat((state) => state.files)
  const fileProblem = useChat((state) => state.fileProblem)
  const preset = useChat((state) => presetOf(state.params))
  const answering = useChat((state) => state.draft !== null)
  const [dropping, setDropping] = useState(false)
  const chooser = useRef<HTMLInputElement>(null)
  const focus = useView((state) => (state.focus?.target === 'composer' ? state.focus.turn : 0))
  const area = useRef<HTMLTextAreaElement>(null)

  useEffect(() => {
    // Whoever comes here to search has the focus there already.
    if (!(document.activeElement instanceof HTMLInputElement)) area.current?.focus()
  }, [])
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

  const attach = async (chosen: readonly File[]): Promise<void> => {
    const { files: read, problem } = await readFiles(chosen, stores.chat.getState().files)
    stores.chat.setState({ files: read, fileProblem: problem })
    area.current?.focus()
  }
  const send = (): void => {
    if (off === false) void chat.send()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowUp' && input === '' && !event.nativeEvent.isComposing) {
      if (chat.editLast()) event.preventDefault()
      return
    }
    // While an input method composes, ↩ belongs to it.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    event.stopPropagation()
    send()
  }
  const stopKeys = shortcutLabel('stop', host)
  const hasContent = input.trim() !== '' || files.length > 0
  return (
    <div className="flex-none px-6">
      <div
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes('Files')) return
          event.preventDefault()
          setDropping(true)
        }}
        onDragLeave={() => setDropping(false)}
        onDrop={(event) => {
          event.preventDefault()
          setDropping(false)
          void attach([...event.dataTransfer.files])
        }}
        className={cx(
          'mx-auto max-w-[688px] rounded-4 bg-raised ps-3.5 pe-2 pt-2.5 pb-2 focus-within:shadow-[inset_0_0_0_1px_var(--k-edge),0_2px_8px_var(--k-shade-1)]',
          dropping
            ? 'bg-accent-soft shadow-[inset_0_0_0_2px_var(--k-accent)]'
            : 'shadow-[inset_0_0_0_1px_var(--k-line-2),0_2px_8px_var(--k-shade-1)]',
        )}
      >
        {files.length === 0 ? null : (
          <div className="pb-2">
            <FileChips
              files={files.map(({ name, text }) => ({ name, characters: text.length }))}
              onRemove={(index) => chat.setFiles(files.filter((_file, at) => at !== index))}
            />
          </div>
        )}
        {fileProblem === null ? null : (
          <p role="alert" className="pb-2 text-12 text-bad-ink">
            {t.chat.fileProblem[fileProblem.reason](fileProblem.name)}
          </p>
        )}
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          aria-label={t.chat.composer}
          placeholder={t.chat.placeholder}
          value={input}
          onChange={(event) => chat.setInput(event.target.value)}
          onKeyDown={onKeyDown}
          className="text block max-h-[40vh] min-h-[22px] w-full min-w-0 resize-none bg-transparent py-px text-14 outline-none"
        />
        <div className="-ms-1.5 mt-1.5 flex items-center gap-0.5">
          <input
            ref={chooser}
            type="file"
            multiple
            hidden
            data-testid="attach"
            onChange={(event) => {
              void attach([...(event.target.files ?? [])])
              // The same file may be chosen again.
              event.target.value = ''
            }}
          />
          <IconButton label={t.chat.attach} size="s" onClick={() => chooser.current?.click()}>
            <Paperclip size={14} aria-hidden="true" />
          </IconButton>
          <Button size="s" kind="ghost" onClick={() => stores.view.setState({ chatSettingsOpen: true })}>
            {t.chat.presetButton(preset === null ? t.chat.presetOwn : t.chat.presetName[preset])}
            <ChevronsUpDown size={12} aria-hidden="true" />
          </Button>
          <ThinkingSwitch />
          <span className="flex-1" />
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
              off={off !== false ? off : hasContent ? false : ''}
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
