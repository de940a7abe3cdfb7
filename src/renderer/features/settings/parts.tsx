import { commandsWithKeys, shortcutLabel } from '../../app/shortcuts'
import { useModels, useServer, useWindow } from '../../app/context'
import { version as pageVersion } from '../../../shared/version'
import { Button } from '../../components/ui/Button'
import { Kbd } from '../../components/ui/Kbd'
import { cx } from '../../lib/cx'
import { Facts } from '../models/detail-parts'
import { Card } from './Card'
import { Item } from './Item'
import { Path } from './Path'
import licences from './licences.json'

const row = 'grid min-w-0 gap-0.5 px-4 py-2.5 [&+&]:border-t [&+&]:border-line'

/** The folders that models are read from, and the rule that chose each. */
export function CacheSettings() {
  const { t } = useWindow()
  const words = t.settings
  const roots = useModels((state) => state.list?.roots ?? null)
  const { chosenBy, ...named } = words.rule
  const rules: Record<string, string> = named
  const ruleWord = (rule: string): string => (/^[A-Z_]+$/.test(rule) ? chosenBy(rule) : (rules[rule] ?? rule))
  return (
    <>
      <Card title={words.roots}>
        <ul>
          {(roots ?? []).map((root) => (
            <li key={root.path} className={row}>
              <span className="flex items-baseline gap-2">
                <span className="font-medium">{t.detail.cacheKind[root.kind]}</span>
                <span className="text-12 text-ink-3">{ruleWord(root.rule)}</span>
                <span
                  className={cx(
                    'ms-auto text-12',
                    root.state === 'ok' || root.state === 'missing' ? 'text-ink-3' : 'text-warn-ink',
                  )}
                >
                  {words.rootState[root.state]}
                </span>
              </span>
              <Path path={root.path} />
              {root.reason === null ? null : (
                <span dir="auto" className="text-12 text-ink-2">
                  {root.reason}
                </span>
              )}
            </li>
          ))}
        </ul>
      </Card>
      <Card>
        <Item name="cache.extra_roots" />
        <Item name="demo.enabled" />
      </Card>
    </>
  )
}

export function ServerSettings() {
  const { t, view } = useWindow()
  return (
    <>
      <div className="flex items-center gap-3 px-1">
        <p className="flex-1 text-ink-2">{t.settings.openServer}</p>
        <Button onClick={() => view.go('server')}>{t.serverView.openView}</Button>
      </div>
      <Card>
        <Item name="server.max_tokens" />
        <Item name="server.require_key" />
        <Item name="server.allowed_hosts" />
        <Item name="server.allowed_origins" />
      </Card>
    </>
  )
}

export function ShortcutSettings() {
  const { t, host } = useWindow()
  const entries = commandsWithKeys.map((command) => ({
    name: t.palette.command[command],
    keys: shortcutLabel(command, host),
  }))
  return (
    <>
      <Card>
        <dl>
          {[...entries, { name: t.settings.regions, keys: 'F6' }].map(({ name, keys }) => (
            <div key={name} className="flex items-center justify-between gap-3 px-4 py-2 [&+&]:border-t [&+&]:border-line">
              <dt>{name}</dt>
              <dd>
                <Kbd>{keys}</Kbd>
              </dd>
            </div>
          ))}
        </dl>
      </Card>
      {host.isApp ? null : <p className="px-1 text-12 text-ink-2">{t.settings.shortcutsText}</p>}
    </>
  )
}

export function AboutSettings() {
  const { t, format, stores } = useWindow()
  const words = t.settings
  const app = useServer((state) => state.app)
  const versions = stores.engine.getState().engine?.versions ?? null
  return (
    <>
      <Card title={words.versions}>
        <div className="px-4 py-3">
          <Facts
            facts={[
              { name: words.version, value: app?.version ?? pageVersion },
              { name: words.section.engine, value: versions === null ? null : t.engine.versions(versions.mlx_lm, versions.python) },
              { name: words.platform, value: app?.platform ?? null },
              { name: words.process, value: app?.pid ?? null },
            ]}
          />
        </div>
      </Card>
      <p className="px-1 text-ink-2">{words.licence}</p>
      <Card title={words.thirdParty(format.integer(licences.length))}>
        <ul
          className="max-h-80 overflow-y-auto px-4 py-2 text-12"
          tabIndex={0}
          aria-label={words.thirdParty(format.integer(licences.length))}
        >
          {licences.map(({ name, version, licence }) => (
            <li key={name} className="grid grid-cols-[minmax(0,1fr)_auto] gap-3 py-0.5">
              <span className="truncate">
                {name} <span className="num text-ink-3">{version}</span>
              </span>
              <span className="text-ink-2">{licence}</span>
            </li>
          ))}
        </ul>
      </Card>
    </>
  )
}
