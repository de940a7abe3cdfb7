import { Menu } from '@base-ui/react/menu'
import { Check, ChevronsUpDown, Gauge } from 'lucide-react'
import { useEffect } from 'react'
import { useStore } from 'zustand'
import { useSettings, useWindow } from '../../app/context'
import { menuItem, menuLine, menuPopup } from '../chat/menu'
import { findSetting } from '../settings/store'
import { connectionChoices, speedChoices, UNLIMITED } from './limits'

const SPEED = 'downloads.limit_mb_per_s'
const CONNECTIONS = 'downloads.connections'
const item = `${menuItem} ps-1.5!`

function Choice({ value, label }: { value: string; label: string }) {
  return (
    <Menu.RadioItem value={value} closeOnClick className={item}>
      <span className="grid w-3.5 flex-none place-items-center">
        <Menu.RadioItemIndicator>
          <Check size={14} aria-hidden="true" />
        </Menu.RadioItemIndicator>
      </span>
      <span className="num">{label}</span>
    </Menu.RadioItem>
  )
}

const head = 'px-2 pt-1.5 pb-1 text-11 font-semibold text-ink-3'

/** How fast downloads may be: bytes a second, and requests at a time. Holds at once, also for what runs. */
export function LimitMenu() {
  const { t, format, settings, view, toasts, connection } = useWindow()
  const list = useSettings((state) => state.settings)
  const live = useStore(connection.store, (store) => store.state === 'live')
  useEffect(() => {
    if (live) void settings.refresh()
  }, [live, settings])
  const limit = findSetting(list, SPEED)?.value
  const connections = findSetting(list, CONNECTIONS)?.value
  if (typeof connections !== 'number') return null
  const speed = typeof limit === 'number' ? limit : null
  const words = t.downloads
  const speedWord = (value: number | null): string => (value === null ? words.noLimit : words.megabytes(format.fraction(value)))
  const set = async (key: string, value: number | null): Promise<void> => {
    if (!(await settings.set(key, value))) toasts.show(words.limitFailed)
  }
  return (
    <Menu.Root onOpenChange={(open) => (open ? void settings.refresh() : undefined)}>
      <Menu.Trigger
        aria-label={words.limitButton(speedWord(speed), words.connections(connections, 0))}
        title={words.limitTitle}
        className="num flex h-7 flex-none items-center gap-1.5 rounded-2 px-2 font-medium whitespace-nowrap text-ink-2 fine:hover:bg-hover fine:hover:text-ink data-popup-open:bg-press"
      >
        <Gauge size={14} aria-hidden="true" />
        {speedWord(speed)}
        <ChevronsUpDown size={12} aria-hidden="true" className="text-ink-3" />
      </Menu.Trigger>
      <Menu.Portal container={document.querySelector('main')}>
        <Menu.Positioner sideOffset={4} align="end" className="z-50">
          <Menu.Popup className={`${menuPopup} w-56!`}>
            <Menu.RadioGroup
              value={speed === null ? UNLIMITED : String(speed)}
              onValueChange={(value: string) => void set(SPEED, value === UNLIMITED ? null : Number(value))}
            >
              <Menu.Group>
                <Menu.GroupLabel className={head}>{words.limitTitle}</Menu.GroupLabel>
                {speedChoices(speed).map((value) => (
                  <Choice key={value} value={value === null ? UNLIMITED : String(value)} label={speedWord(value)} />
                ))}
              </Menu.Group>
            </Menu.RadioGroup>
            <Menu.Separator className={menuLine} />
            <Menu.RadioGroup value={String(connections)} onValueChange={(value: string) => void set(CONNECTIONS, Number(value))}>
              <Menu.Group>
                <Menu.GroupLabel className={head}>{words.connectionsTitle}</Menu.GroupLabel>
                {connectionChoices(connections).map((value) => (
                  <Choice key={value} value={String(value)} label={words.connections(value, 0)} />
                ))}
              </Menu.Group>
            </Menu.RadioGroup>
            <Menu.Separator className={menuLine} />
            <Menu.Item className={item} onClick={() => view.openSettings('downloads')}>
              <span className="w-3.5 flex-none" />
              {words.otherLimit}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
