import { RotateCcw } from 'lucide-react'
import { useId, useState, type ReactNode } from 'react'
import type { Setting } from '../../../shared/contract'
import { FailureNote } from '../../app/FailureNote'
import { useSettings, useWindow } from '../../app/context'
import { Button, IconButton } from '../../components/ui/Button'
import { Segmented } from '../../components/ui/Segmented'
import { Switch } from '../../components/ui/Switch'
import { TextField } from '../../components/ui/TextField'
import { languages, isLanguage } from '../../lib/messages'
import { fieldKinds, parseTyped, toText, type FieldKey, type FieldKind } from './fields'
import { findSetting } from './store'

interface ControlProps {
  name: FieldKey
  kind: FieldKind
  setting: Setting
  ids: { name: string; text: string }
  onChange: (value: unknown) => void
}

const MOST_SEGMENTS = 4

function Choices({ kind, name, setting, onChange }: ControlProps & { kind: Extract<FieldKind, { type: 'choice' }> }) {
  const { t } = useWindow()
  const words: Record<string, string> = t.settings.choice
  const label = (value: string): string =>
    name === 'appearance.language' && isLanguage(value) ? languages[value] : (words[value] ?? value)
  const value = toText(setting.value)
  if (kind.choices.length <= MOST_SEGMENTS)
    return (
      <Segmented
        label={t.settings.item[name].name}
        choices={kind.choices.map((choice) => ({ value: choice, label: label(choice) }))}
        value={value}
        onChange={onChange}
      />
    )
  return (
    <select
      aria-label={t.settings.item[name].name}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="h-7 rounded-2 bg-raised px-2 text-ink shadow-[inset_0_0_0_1px_var(--k-line-2),var(--k-shadow-1)]"
    >
      {kind.choices.map((choice) => (
        <option key={choice} value={choice}>
          {label(choice)}
        </option>
      ))}
    </select>
  )
}

/** Holds what is typed until it is applied: every change is a write to the settings. */
function Typed({ name, kind, setting, ids, onChange }: ControlProps) {
  const { t } = useWindow()
  const saved = toText(setting.value)
  const [typed, setTyped] = useState<string | null>(null)
  const text = typed ?? saved
  const value = parseTyped(kind, text)
  const wrong = value === undefined
  const apply = (): void => {
    if (wrong || text === saved) return
    setTyped(null)
    onChange(value)
  }
  const shared = {
    'aria-label': t.settings.item[name].name,
    'aria-describedby': ids.text,
    'aria-invalid': wrong,
    value: text,
    spellCheck: false,
  }
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        apply()
      }}
    >
      {kind.type === 'lines' ? (
        <textarea
          {...shared}
          rows={Math.min(6, Math.max(2, text.split('\n').length))}
          onChange={(event) => setTyped(event.target.value)}
          className="mono w-full min-w-0 resize-y rounded-2 bg-field px-2 py-1.5 text-12 text-ink shadow-[inset_0_0_0_1px_var(--k-line-2)] outline-none focus:bg-window focus:outline-2 focus:-outline-offset-1 focus:outline-ring"
        />
      ) : (
        <TextField
          {...shared}
          inputMode={kind.type === 'number' ? 'decimal' : 'text'}
          placeholder={kind.type === 'number' && kind.nullable ? t.settings.automatic : ''}
          className={kind.type === 'number' ? 'num w-28' : 'mono w-full'}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape' && typed !== null) {
              event.stopPropagation()
              setTyped(null)
            }
          }}
        />
      )}
      {text === saved ? null : (
        <Button kind="primary" off={wrong ? t.settings.invalid : false} onClick={apply}>
          {t.settings.apply}
        </Button>
      )}
    </form>
  )
}

function Control(props: ControlProps): ReactNode {
  const { kind, setting, ids, onChange } = props
  if (kind.type === 'choice') return <Choices {...props} kind={kind} />
  if (kind.type === 'switch') return <Switch labelledBy={ids.name} checked={setting.value === true} onChange={onChange} />
  return <Typed {...props} />
}

/** One setting: its name, what it means, its control, what decides it, and the way back to the default. */
export function Item({ name }: { name: FieldKey }) {
  const { t, settings: actions } = useWindow()
  const setting = useSettings((state) => findSetting(state.settings, name))
  const error = useSettings((state) => state.errors[name] ?? null)
  const id = useId()
  if (setting === null) return null
  const words = t.settings.item[name]
  const kind: FieldKind = fieldKinds[name]
  const decided = setting.source === 'environment' ? setting.variable : null
  const effect = t.settings.effect[setting.takes_effect]
  const ids = { name: `${id}-name`, text: `${id}-text` }
  const wide = kind.type === 'lines' || kind.type === 'text'
  const change = (value: unknown): void =>
    void (name === 'demo.enabled' ? actions.setDemo(value === true) : actions.set(name, value))
  const notes = [words.text, effect].filter((note) => note !== null).join(' ')
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1.5 px-4 py-3 [&+&]:border-t [&+&]:border-line">
      <div className="grid min-w-0 gap-0.5">
        <span id={ids.name} className="font-medium">
          {words.name}
        </span>
        {notes === '' ? null : (
          <span id={ids.text} className="text-12 text-ink-2 text-pretty">
            {notes}
          </span>
        )}
      </div>
      <div className="flex items-center gap-1.5">
        {decided === null && setting.in_file && name !== 'demo.enabled' ? (
          <IconButton size="s" label={t.settings.resetOf(words.name)} onClick={() => void actions.unset(name)}>
            <RotateCcw size={14} aria-hidden="true" />
          </IconButton>
        ) : null}
        {decided !== null ? (
          <span className="mono text max-w-60 truncate text-12 text-ink-2" title={toText(setting.value)}>
            {toText(setting.value)}
          </span>
        ) : wide ? null : (
          <Control name={name} kind={kind} setting={setting} ids={ids} onChange={change} />
        )}
      </div>
      {wide && decided === null ? (
        <div className="col-span-2">
          <Control name={name} kind={kind} setting={setting} ids={ids} onChange={change} />
        </div>
      ) : null}
      {decided === null ? null : <p className="col-span-2 text-12 text-ink-2">{t.settings.decidedBy(decided)}</p>}
      {error === null ? null : (
        <div className="col-span-2">
          <FailureNote error={error} />
        </div>
      )}
    </div>
  )
}
