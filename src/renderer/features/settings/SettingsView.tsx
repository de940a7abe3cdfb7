import { Download, HardDrive, Info, Keyboard, Palette, Server, ShieldCheck, Wrench, type LucideIcon } from 'lucide-react'
import { useEffect, type ComponentType } from 'react'
import { useStore } from 'zustand'
import { FailureNote } from '../../app/FailureNote'
import { Toolbar } from '../../app/Toolbar'
import { useSettings, useView, useWindow } from '../../app/context'
import { settingsSections, type SettingsSection } from '../../app/view-store'
import { AccountCard } from '../account/AccountCard'
import { Card } from './Card'
import { EngineSettings } from './EngineSettings'
import { Item } from './Item'
import { AboutSettings, CacheSettings, ServerSettings, ShortcutSettings } from './parts'
import { PrivacySettings } from './PrivacySettings'

function AppearanceSettings() {
  return (
    <Card>
      <Item name="appearance.theme" />
      <Item name="appearance.language" />
    </Card>
  )
}

function DownloadSettings() {
  return (
    <>
      <AccountCard />
      <Card>
        <Item name="downloads.connections" />
        <Item name="downloads.limit_mb_per_s" />
      </Card>
    </>
  )
}

const sections = {
  appearance: { icon: Palette, Content: AppearanceSettings },
  engine: { icon: Wrench, Content: EngineSettings },
  cache: { icon: HardDrive, Content: CacheSettings },
  downloads: { icon: Download, Content: DownloadSettings },
  server: { icon: Server, Content: ServerSettings },
  shortcuts: { icon: Keyboard, Content: ShortcutSettings },
  privacy: { icon: ShieldCheck, Content: PrivacySettings },
  about: { icon: Info, Content: AboutSettings },
} satisfies Record<SettingsSection, { icon: LucideIcon; Content: ComponentType }>

/** All settings, a section at a time. Each change holds for every window and is written at once. */
export function SettingsView() {
  const { t, settings, connection, view } = useWindow()
  const section = useView((state) => state.settingsSection)
  const error = useSettings((state) => state.listError)
  const known = useSettings((state) => state.settings !== null)
  const live = useStore(connection.store, (store) => store.state === 'live')
  useEffect(() => {
    if (live) void settings.refresh()
  }, [live, settings])
  const { Content } = sections[section]
  return (
    <>
      <Toolbar title={t.sections.settings} />
      <div className="flex min-h-0 flex-1 bg-pane max-two:flex-col">
        <nav
          aria-label={t.settings.section.label}
          data-region="list"
          className="flex w-44 flex-none flex-col gap-px overflow-y-auto border-e border-line p-2 max-two:w-auto max-two:flex-row max-two:flex-wrap max-two:border-e-0 max-two:border-b"
        >
          {settingsSections.map((name) => {
            const { icon: Icon } = sections[name]
            return (
              <button
                key={name}
                type="button"
                aria-current={section === name ? 'page' : undefined}
                onClick={() => view.openSettings(name)}
                className="flex h-[30px] items-center gap-2 rounded-2 px-2 text-start text-ink-2 aria-[current]:bg-select-idle aria-[current]:font-medium aria-[current]:text-ink fine:not-aria-[current]:hover:bg-hover"
              >
                <Icon size={15} strokeWidth={1.75} aria-hidden="true" className="flex-none" />
                <span className="truncate">{t.settings.section[name]}</span>
              </button>
            )
          })}
        </nav>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
        <div
          data-region="detail"
          role="region"
          tabIndex={0}
          aria-label={t.settings.section[section]}
          className="min-w-0 flex-1 overflow-y-auto -outline-offset-2"
        >
          <div className="mx-auto grid max-w-[640px] content-start gap-4 px-5 py-5">
            <h2 className="px-1 text-15 font-semibold tracking-[-0.01em]">{t.settings.section[section]}</h2>
            {error !== null && !known ? <FailureNote error={error} onRetry={() => void settings.refresh()} /> : null}
            {known ? <Content key={section} /> : null}
          </div>
        </div>
      </div>
    </>
  )
}
