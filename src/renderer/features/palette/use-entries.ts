import { useEffect, useMemo, useState } from 'react'
import type { SearchHit } from '../../../shared/contract'
import { commandsOffered } from '../../app/commands'
import { useChats, useDownloads, useModels, useServer, useWindow } from '../../app/context'
import { settingsSections } from '../../app/view-store'
import { findEntries, type Act, type Group } from './model'

const TYPING_MS = 120
const HITS = 8
const FEWEST_LETTERS = 3
const NONE: never[] = []
const THEMES = ['system', 'light', 'dark'] as const

/** What the texts of conversations have of the words; asked when typing rests. */
function useHits(typed: string): SearchHit[] {
  const { chats } = useWindow()
  const [found, setFound] = useState<{ typed: string; hits: SearchHit[] }>({ typed: '', hits: NONE })
  const wanted = typed.startsWith('>') || typed.trim().length < FEWEST_LETTERS ? '' : typed
  useEffect(() => {
    if (wanted === '') return
    let isCurrent = true
    const timer = setTimeout(() => {
      void chats.find(wanted, HITS).then((hits) => (isCurrent ? setFound({ typed: wanted, hits }) : undefined))
    }, TYPING_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [wanted, chats])
  return found.typed === wanted ? found.hits : NONE
}

/** What the window can do now that fits what was typed. */
export function useEntries(typed: string): Group[] {
  const app = useWindow()
  const { t } = app
  const models = useModels((state) => state.list?.models ?? NONE)
  const loaded = useModels((state) => state.loaded)
  const chats = useChats((state) => state.chats ?? NONE)
  // What can be done depends on both.
  const server = useServer((state) => state.server?.state)
  const downloads = useDownloads((state) => state.downloads)
  const hits = useHits(typed)
  const commands = useMemo(() => {
    const item = (act: Act, key: string, label: string) => ({ act, key, label })
    return [
      ...commandsOffered(app).map((command) => item({ kind: 'command', command }, command, t.palette.command[command])),
      ...settingsSections.map((section) =>
        item({ kind: 'settings', section }, `settings ${section}`, t.palette.settings(t.settings.section[section])),
      ),
      ...THEMES.map((theme) => item({ kind: 'theme', theme }, `theme ${theme}`, t.palette.theme(t.settings.choice[theme]))),
    ]
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- they stand for what the commands read of the stores
  }, [app, t, server, downloads])
  return useMemo(
    () => findEntries({ typed, models, loaded, chats, hits, commands }, t.palette),
    [typed, models, loaded, chats, hits, commands, t],
  )
}
