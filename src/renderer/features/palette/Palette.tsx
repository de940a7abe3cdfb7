import { Dialog } from '@base-ui/react/dialog'
import { Box, Compass, Download, MessageCircle, Palette as Colours, Play, Search, Settings2, Square, Terminal } from 'lucide-react'
import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react'
import { useModels, useView, useWindow } from '../../app/context'
import { shortcutLabel, writeKeys } from '../../app/shortcuts'
import { Kbd } from '../../components/ui/Kbd'
import { cx } from '../../lib/cx'
import { findLoaded, modelKey } from '../models/model'
import type { Marks } from './fuzzy'
import type { Act, Entry } from './model'
import { runEntry } from './run-entry'
import { useEntries } from './use-entries'

const icons: Record<Act['kind'], typeof Box> = {
  show: Box,
  load: Play,
  unload: Square,
  chat: MessageCircle,
  conversation: MessageCircle,
  command: Terminal,
  settings: Settings2,
  theme: Colours,
  hub: Compass,
  pull: Download,
}

/** A label with the letters that were typed in bold. */
function Marked({ text, marks }: { text: string; marks: Marks }) {
  const parts = marks.flatMap(([from, to], index) => [
    { key: `before ${from}`, text: text.slice(marks[index - 1]?.[1] ?? 0, from), bold: false },
    { key: `${from}`, text: text.slice(from, to), bold: true },
  ])
  return (
    <span dir="auto" className="min-w-0 truncate">
      {parts.map((part) =>
        part.bold ? (
          <b key={part.key} className="font-semibold">
            {part.text}
          </b>
        ) : (
          <span key={part.key}>{part.text}</span>
        ),
      )}
      {text.slice(marks.at(-1)?.[1] ?? 0)}
    </span>
  )
}

/** What stands beside a label: what a model takes, or where a conversation has the words. */
function Beside({ entry }: { entry: Entry }) {
  const { t, format } = useWindow()
  const fits = useModels((state) => state.fits)
  const loaded = useModels((state) => state.loaded)
  if (entry.kind === 'load') {
    const fit = fits[modelKey(entry.model)]
    return fit === undefined ? null : <>{t.palette.needs(format.memory(fit.needed_bytes))}</>
  }
  if (entry.kind === 'unload') {
    const bytes = findLoaded(loaded, entry.model.name)?.memory_bytes ?? null
    return bytes === null ? null : <>{t.palette.inUse(format.memory(bytes))}</>
  }
  if (entry.kind !== 'conversation' || entry.snippet === null) return null
  const { before, match, after } = entry.snippet
  return (
    <>
      {before}
      <b className="font-semibold">{match}</b>
      {after}
    </>
  )
}

interface OptionProps {
  entry: Entry
  id: string
  chosen: boolean
  onPoint: () => void
  onRun: () => void
}

function Option({ entry, id, chosen, onPoint, onRun }: OptionProps) {
  const { host } = useWindow()
  const Icon = icons[entry.kind]
  const keys = entry.kind === 'command' ? shortcutLabel(entry.command, host) : ''
  // Of a model's chat from any of its rows, and of what is chosen.
  const hint =
    keys !== '' ? keys : entry.kind === 'chat' ? shortcutLabel('chat_selected', host) : chosen ? writeKeys('↩', host) : ''
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the field hears the keys
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      aria-keyshortcuts={keys === '' ? undefined : keys}
      // Not `enter`: a list that comes under a resting pointer chooses nothing.
      onPointerMove={onPoint}
      onClick={onRun}
      className={cx(
        'flex h-[34px] cursor-default items-center gap-2.5 rounded-2 px-2.5',
        chosen ? 'bg-accent text-on-accent [&_*]:text-inherit' : 'text-ink',
      )}
    >
      <Icon size={14} aria-hidden="true" className="flex-none text-ink-2" />
      <Marked text={entry.label} marks={entry.marks} />
      <span dir="auto" className="min-w-0 flex-1 truncate text-12 text-ink-2">
        <Beside entry={entry} />
      </span>
      {hint === '' ? null : <Kbd>{hint}</Kbd>}
    </div>
  )
}

function Foot({ hasModel }: { hasModel: boolean }) {
  const { t, host } = useWindow()
  const { keys } = t.palette
  return (
    <div
      aria-hidden="true"
      className="flex h-[34px] flex-none items-center gap-4 border-t border-line px-4 text-11 text-ink-3 [&_kbd]:ms-0 [&>span]:flex [&>span]:items-center [&>span]:gap-1.5"
    >
      <span>
        <Kbd>↑</Kbd>
        <Kbd>↓</Kbd>
        {keys.choose}
      </span>
      <span>
        <Kbd>{writeKeys('↩', host)}</Kbd>
        {keys.run}
      </span>
      {hasModel ? (
        <span className="max-side:hidden!">
          <Kbd>{shortcutLabel('chat_selected', host)}</Kbd>
          {keys.chat}
        </span>
      ) : null}
      <span className="ms-auto">
        <Kbd>{'>'}</Kbd>
        {keys.commandsOnly}
      </span>
    </div>
  )
}

interface ContentProps {
  field: RefObject<HTMLInputElement | null>
  onRun: (act: Act) => void
}

function Content({ field, onRun }: ContentProps) {
  const { t, format, host } = useWindow()
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const groups = useEntries(typed)
  const all = groups.flatMap(({ entries }) => entries)
  const current = Math.min(at, Math.max(0, all.length - 1))
  const chosen = all[current]
  const hasModel = chosen !== undefined && 'model' in chosen
  useEffect(() => {
    list.current?.querySelector(`#palette-${current}`)?.scrollIntoView({ block: 'nearest' })
  }, [current])

  const chatWith = (): void => {
    if (chosen === undefined || !('model' in chosen)) return
    const chat = all.find((entry) => entry.kind === 'chat' && entry.model === chosen.model)
    if (chat !== undefined) onRun(chat)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      if (all.length > 0) setAt((current + step + all.length) % all.length)
    } else if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) chatWith()
    else if (event.key === 'Enter' && chosen !== undefined) onRun(chosen)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <>
      <div className="flex h-12 flex-none items-center gap-2.5 px-4">
        <Search size={16} aria-hidden="true" className="flex-none text-ink-3" />
        <input
          ref={field}
          role="combobox"
          aria-label={t.palette.placeholder}
          aria-expanded={all.length > 0}
          aria-controls="palette-results"
          aria-activedescendant={chosen === undefined ? undefined : `palette-${current}`}
          aria-autocomplete="list"
          placeholder={t.palette.placeholder}
          value={typed}
          maxLength={200}
          spellCheck={false}
          autoComplete="off"
          dir="auto"
          onChange={(event) => {
            setTyped(event.target.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
          className="h-full w-full min-w-0 bg-transparent text-15 outline-none"
        />
        <Kbd>{writeKeys('⎋', host)}</Kbd>
      </div>
      <div
        ref={list}
        id="palette-results"
        role="listbox"
        aria-label={t.palette.results}
        className={cx('min-h-0 overflow-y-auto border-line', all.length > 0 && 'border-t p-1.5')}
      >
        {groups.map(({ name, entries }) => (
          <div key={name} role="group" aria-labelledby={`palette-group-${name}`}>
            <div id={`palette-group-${name}`} role="presentation" className="px-2.5 pt-2 pb-1 text-11 font-semibold text-ink-3">
              {t.palette.group[name]}
            </div>
            {entries.map((entry) => {
              const index = all.indexOf(entry)
              return (
                <Option
                  key={entry.key}
                  entry={entry}
                  id={`palette-${index}`}
                  chosen={index === current}
                  onPoint={() => setAt(index)}
                  onRun={() => onRun(entry)}
                />
              )
            })}
          </div>
        ))}
      </div>
      <p role="status" className={cx(all.length > 0 ? 'sr-only' : 'border-t border-line px-4 py-3 text-ink-2')}>
        {all.length === 0 ? t.palette.nothing : t.palette.found(format.integer(all.length))}
      </p>
      <Foot hasModel={hasModel} />
    </>
  )
}

/** ⌘K: what the window can do, models and conversations by a few letters. */
export function Palette() {
  const app = useWindow()
  const { t, view } = app
  const open = useView((state) => state.paletteOpen)
  const field = useRef<HTMLInputElement>(null)
  const ran = useRef(false)
  useEffect(() => {
    if (open) ran.current = false
  }, [open])
  const run = (act: Act): void => {
    ran.current = true
    view.openPalette(false)
    runEntry(app, act)
  }
  return (
    <Dialog.Root open={open} onOpenChange={view.openPalette}>
      {/* Gone at once, without a way out: whoever opens it again in that moment finds it empty. */}
      {open ? (
        <Dialog.Portal>
          <Dialog.Backdrop className="fixed inset-0 z-40 bg-scrim" />
          <Dialog.Popup
            aria-label={t.palette.title}
            initialFocus={field}
            // What was run says itself where the focus goes.
            finalFocus={() => !ran.current}
            className="enter fixed top-[min(104px,13vh)] left-1/2 z-40 flex max-h-[calc(87vh-1rem)] w-[min(600px,calc(100vw-2rem))] -translate-x-1/2 flex-col overflow-hidden rounded-4 bg-raised shadow-3 outline-none"
          >
            <Content field={field} onRun={run} />
          </Dialog.Popup>
        </Dialog.Portal>
      ) : null}
    </Dialog.Root>
  )
}
