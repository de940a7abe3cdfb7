import { Popover } from '@base-ui/react/popover'
import { SlidersHorizontal } from 'lucide-react'
import { useId, type ReactNode } from 'react'
import type { SamplingParams } from '../../../shared/contract'
import { useChat, useView, useWindow } from '../../app/context'
import { Segmented } from '../../components/ui/Segmented'
import { presetOf, presets, type PresetName } from './model'

const NAMES = Object.keys(presets) as PresetName[]

function Field({ id, label, value, children }: { id: string; label: string; value: string; children: ReactNode }) {
  return (
    <div className="grid gap-1">
      <div className="flex justify-between text-12">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <span className="num text-ink-3">{value}</span>
      </div>
      {children}
    </div>
  )
}

interface SliderProps {
  label: string
  value: number | undefined
  /** Where the knob stands while the model decides. */
  rest: number
  max: number
  min: number
  onChange: (value: number) => void
}

function Slider({ label, value, rest, min, max, onChange }: SliderProps) {
  const { t, format } = useWindow()
  const id = useId()
  return (
    <Field id={id} label={label} value={value === undefined ? t.chat.byModel : format.fraction(value)}>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={0.05}
        value={value ?? rest}
        onChange={(event) => onChange(Number(event.target.value))}
        className="h-6 w-full accent-accent"
      />
    </Field>
  )
}

function Form() {
  const { t, chat } = useWindow()
  const params = useChat((state) => state.params)
  const systemPrompt = useChat((state) => state.systemPrompt)
  const promptId = useId()
  const mostId = useId()
  const change = (next: SamplingParams): void => chat.configure({ params: next })
  const { max_tokens: most, ...sampling } = params
  const { enable_thinking: thinks } = params
  const keepMost = {
    ...(most === undefined ? {} : { max_tokens: most }),
    ...(thinks === undefined ? {} : { enable_thinking: thinks }),
  }
  return (
    <div className="grid gap-3.5">
      <Segmented
        fill
        label={t.chat.preset}
        choices={NAMES.map((value) => ({ value, label: t.chat.presetName[value] }))}
        value={presetOf(params) ?? ''}
        onChange={(name) => {
          if (name !== '') change({ ...presets[name], ...keepMost })
        }}
      />
      <Slider
        label={t.chat.temperature}
        value={params.temperature}
        rest={0.7}
        min={0}
        max={2}
        onChange={(temperature) => change({ ...params, temperature })}
      />
      <Slider
        label={t.chat.topP}
        value={params.top_p}
        rest={1}
        min={0.05}
        max={1}
        onChange={(topP) => change({ ...params, top_p: topP })}
      />
      <Field id={mostId} label={t.chat.maxTokens} value={most === undefined ? t.chat.byModel : ''}>
        <input
          id={mostId}
          type="number"
          min={1}
          step={1}
          value={most ?? ''}
          onChange={(event) => {
            const count = Math.floor(Number(event.target.value))
            change({ ...sampling, ...(count > 0 ? { max_tokens: count } : {}) })
          }}
          className="num h-7 rounded-2 bg-field px-2 shadow-[inset_0_0_0_1px_var(--k-line-2)]"
        />
      </Field>
      <div className="grid gap-1">
        <label htmlFor={promptId} className="text-12 font-medium">
          {t.chat.systemPrompt}
        </label>
        <textarea
          id={promptId}
          dir="auto"
          rows={4}
          maxLength={100_000}
          placeholder={t.chat.systemPromptHint}
          value={systemPrompt}
          onChange={(event) => chat.configure({ systemPrompt: event.target.value })}
          className="text resize-none rounded-2 bg-field p-2 shadow-[inset_0_0_0_1px_var(--k-line-2)]"
        />
      </div>
    </div>
  )
}

/** How the next answers of this conversation are asked for. */
export function ChatSettings() {
  const { t, stores } = useWindow()
  const open = useView((state) => state.chatSettingsOpen)
  return (
    <Popover.Root open={open} onOpenChange={(next) => stores.view.setState({ chatSettingsOpen: next })}>
      <Popover.Trigger
        aria-label={t.chat.settings}
        title={t.chat.settings}
        className="grid size-7 flex-none place-items-center rounded-2 text-ink-2 fine:hover:bg-hover fine:hover:text-ink data-popup-open:bg-press"
      >
        <SlidersHorizontal size={16} strokeWidth={1.75} aria-hidden="true" />
      </Popover.Trigger>
      <Popover.Portal container={document.querySelector('main')}>
        <Popover.Positioner sideOffset={6} align="end" className="z-50">
          <Popover.Popup
            aria-label={t.chat.settings}
            className="enter max-h-(--available-height) w-[min(340px,calc(100vw-24px))] overflow-y-auto rounded-4 bg-raised p-4 shadow-3 outline-none"
          >
            <Form />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
