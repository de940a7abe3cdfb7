import { Trash2 } from 'lucide-react'
import { useEffect, useId, useState, type ReactNode } from 'react'
import type { ApiKey, KeyScope } from '../../../shared/contract'
import { FailureNote } from '../../app/FailureNote'
import { useActivity, useServer, useSettings, useWindow } from '../../app/context'
import { Button, IconButton } from '../../components/ui/Button'
import { Confirm } from '../../components/ui/Confirm'
import { CopyButton } from '../../components/ui/CopyButton'
import { Switch } from '../../components/ui/Switch'
import { TextField } from '../../components/ui/TextField'
import { useNow } from '../../lib/use-now'
import { Section } from '../models/detail-parts'
import { findSetting } from '../settings/store'
import { isNetworkHost, LOCAL_HOST, NETWORK_HOST, parsePort } from './access'

const scopes: readonly KeyScope[] = ['inference', 'read', 'admin']

function PortSection() {
  const { t, settings: actions, server } = useWindow()
  const words = t.serverView
  const setting = useSettings((state) => findSetting(state.settings, 'server.port'))
  const error = useSettings((state) => state.errors['server.port'] ?? null)
  const status = useServer((state) => state.server)
  const id = useId()
  const [typed, setTyped] = useState<string | null>(null)
  if (setting === null) return null
  const text = typed ?? String(setting.value)
  const port = parsePort(text)
  const apply = async (): Promise<void> => {
    if (port === null || !(await actions.set('server.port', port))) return
    setTyped(null)
    await server.restart()
  }
  const decided = setting.source === 'environment' ? setting.variable : null
  return (
    <Section title={words.port}>
      {decided === null ? (
        <form
          className="flex items-center gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            void apply()
          }}
        >
          <TextField
            aria-label={words.port}
            aria-describedby={id}
            aria-invalid={port === null}
            inputMode="numeric"
            className="num w-24"
            value={text}
            onChange={(event) => setTyped(event.target.value)}
          />
          <Button onClick={() => void apply()} off={port === null || port === setting.value ? '' : false}>
            {words.portApply}
          </Button>
        </form>
      ) : (
        <p className="text-12 text-ink-2">{words.decidedBy(decided)}</p>
      )}
      <p id={id} className="text-12 text-ink-2">
        {decided === null ? words.portRestarts : status?.port == null ? null : words.portNow(String(status.port))}
      </p>
      {error === null ? null : <FailureNote error={error} />}
    </Section>
  )
}

function Reach({ checked, title, text, onChoose, disabled }: ReachProps) {
  return (
    <label className="grid grid-cols-[16px_minmax(0,1fr)] gap-x-2 gap-y-0.5 py-1">
      <input
        type="radio"
        name="server-reach"
        checked={checked}
        disabled={disabled}
        onChange={onChoose}
        className="mt-0.5 size-3.5 accent-accent"
      />
      <span className="font-medium">{title}</span>
      <span className="col-start-2 text-12 text-ink-2">{text}</span>
    </label>
  )
}
interface ReachProps {
  checked: boolean
  title: string
  text: ReactNode
  onChoose: () => void
  disabled: boolean
}

function WhoSection() {
  const { t, settings: actions, server, activity } = useWindow()
  const words = t.serverView
  const setting = useSettings((state) => findSetting(state.settings, 'server.host'))
  const error = useSettings((state) => state.errors['server.host'] ?? null)
  const keys = useActivity((state) => state.keys)
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  if (setting === null) return null
  const exposed = isNetworkHost(String(setting.value))
  const decided = setting.source === 'environment' ? setting.variable : null
  const listen = async (host: string): Promise<void> => {
    if (await actions.set('server.host', host)) await server.restart()
  }
  const expose = async (): Promise<void> => {
    setBusy(true)
    // What others can reach is served to whoever has a key: without one the server would not start.
    const hasKey = (keys?.length ?? 0) > 0 || (await activity.createKey(words.firstKey, 'inference'))
    if (hasKey) await listen(NETWORK_HOST)
    setBusy(false)
    setAsking(false)
  }
  return (
    <Section title={words.who}>
      <fieldset>
        <legend className="sr-only">{words.who}</legend>
        <Reach
          checked={!exposed}
          title={words.local}
          text={words.localText}
          disabled={decided !== null}
          onChoose={() => void listen(LOCAL_HOST)}
        />
        <Reach
          checked={exposed}
          title={words.network}
          text={words.networkText}
          disabled={decided !== null}
          onChoose={() => setAsking(true)}
        />
      </fieldset>
      {decided === null ? null : <p className="text-12 text-ink-2">{words.decidedBy(decided)}</p>}
      {error === null ? null : <FailureNote error={error} />}
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        title={words.exposeTitle}
        cancel={words.keepLocal}
        action={words.expose}
        busy={busy}
        onAct={() => void expose()}
      >
        <p>{words.exposeText}</p>
        {keys?.length === 0 ? <p>{words.exposeKeyFirst}</p> : null}
      </Confirm>
    </Section>
  )
}

function NewKey() {
  const { t, activity } = useWindow()
  const words = t.serverView
  const fresh = useActivity((state) => state.newKey)
  if (fresh === null) return null
  return (
    <div role="status" className="grid gap-2 rounded-3 bg-warn-soft px-3 py-2.5 text-12">
      <p dir="auto" className="font-medium [overflow-wrap:anywhere]">
        {words.keyOnce(fresh.name)}
      </p>
      <div className="flex min-h-8 items-center gap-2 rounded-2 bg-window ps-2 pe-1">
        <code data-testid="new-key" className="mono text min-w-0 flex-1 py-1 [overflow-wrap:anywhere]">
          {fresh.key}
        </code>
        <CopyButton text={fresh.key} label={words.copyKey} copiedLabel={t.common.copied} />
      </div>
      <Button size="s" className="justify-self-start" onClick={activity.forgetNewKey}>
        {words.keyDone}
      </Button>
    </div>
  )
}

function KeysSection() {
  const { t, activity, settings: actions, format } = useWindow()
  const words = t.serverView
  const now = useNow()
  const keys = useActivity((state) => state.keys)
  const error = useActivity((state) => state.keyError)
  const require = useSettings((state) => findSetting(state.settings, 'server.require_key'))
  const [name, setName] = useState('')
  const [scope, setScope] = useState<KeyScope>('inference')
  const [removing, setRemoving] = useState<ApiKey | null>(null)
  const switchId = useId()
  const create = async (): Promise<void> => {
    if (name.trim() !== '' && (await activity.createKey(name.trim(), scope))) setName('')
  }
  return (
    <Section title={words.keys}>
      <p className="text-12 text-ink-2">{words.keysText}</p>
      {require === null ? null : (
        <div className="flex items-center gap-2">
          <span id={switchId} className="flex-1 text-12">
            {words.requireHere}
          </span>
          <Switch
            labelledBy={switchId}
            checked={require.value === true}
            onChange={(checked) => void actions.set('server.require_key', checked)}
          />
        </div>
      )}
      <NewKey />
      {keys === null ? null : keys.length === 0 ? (
        <p className="text-12 text-ink-3">{words.noKeys}</p>
      ) : (
        <ul className="grid divide-y divide-line">
          {keys.map((key) => (
            <li key={key.id} className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-2 py-1.5 text-12">
              <span dir="auto" className="truncate font-medium" title={key.name}>
                {key.name}
              </span>
              <IconButton size="s" label={words.removeKey(key.name)} className="row-span-2" onClick={() => setRemoving(key)}>
                <Trash2 size={14} aria-hidden="true" />
              </IconButton>
              <span className="truncate text-11 text-ink-3">
                <span className="mono">{key.hint}</span> · {words.scope[key.scope]} ·{' '}
                {words.keyMade(format.ago(key.created_at, now))}
              </span>
            </li>
          ))}
        </ul>
      )}
      <form
        className="grid gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          void create()
        }}
      >
        <TextField
          aria-label={words.keyName}
          placeholder={words.keyNamePlaceholder}
          maxLength={64}
          dir="auto"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="flex items-center gap-2">
          <select
            aria-label={words.scopeLabel}
            value={scope}
            onChange={(event) => setScope(scopes.find((known) => known === event.target.value) ?? 'inference')}
            className="h-7 min-w-0 flex-1 rounded-2 bg-raised px-2 text-12 text-ink shadow-[inset_0_0_0_1px_var(--k-line-2),var(--k-shadow-1)]"
          >
            {scopes.map((known) => (
              <option key={known} value={known}>
                {words.scope[known]}
              </option>
            ))}
          </select>
          <Button off={name.trim() === '' ? '' : false} onClick={() => void create()}>
            {words.createKey}
          </Button>
        </div>
      </form>
      {error === null ? null : <FailureNote error={error} onRetry={() => void activity.refreshKeys()} />}
      <Confirm
        open={removing !== null}
        onClose={() => setRemoving(null)}
        title={words.removeKeyTitle(removing?.name ?? '')}
        cancel={t.common.cancel}
        action={words.remove}
        onAct={() => {
          if (removing !== null) void activity.revokeKey(removing.id)
          setRemoving(null)
        }}
      >
        <p>{words.removeKeyText}</p>
      </Confirm>
    </Section>
  )
}

/** Port, who may reach the API, and the keys. */
export function AccessPane() {
  const { activity, settings } = useWindow()
  const failed = useServer((state) => state.error)
  useEffect(() => {
    void activity.refreshKeys()
    void settings.refresh()
    // Whoever leaves the pane has seen it.
    return activity.forgetNewKey
  }, [activity, settings])
  return (
    <div className="h-full overflow-y-auto pb-4">
      {failed === null ? null : (
        <div className="px-4 pb-3">
          <FailureNote error={failed} />
        </div>
      )}
      <WhoSection />
      <PortSection />
      <KeysSection />
    </div>
  )
}
