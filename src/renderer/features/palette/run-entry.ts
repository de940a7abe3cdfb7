import { runCommand } from '../../app/commands'
import type { WindowApp } from '../../app/create-window'
import { modelKey, splitOwner } from '../models/model'
import type { Act } from './model'

async function pull({ downloads, toasts, view, t }: WindowApp, name: string): Promise<void> {
  const added = await downloads.add({ model: name })
  if (added === null) view.go('downloads')
  else toasts.show(t.palette.pulling(splitOwner(name).short), { label: t.sections.downloads, act: () => view.go('downloads') })
}

/** Does what an entry of the palette says. */
export function runEntry(app: WindowApp, act: Act): void {
  const { view, stores } = app
  switch (act.kind) {
    case 'command':
      runCommand(app, act.command)
      break
    case 'settings':
      view.openSettings(act.section)
      break
    case 'theme':
      void app.settings.set('appearance.theme', act.theme)
      break
    case 'conversation':
      void app.chat.open(act.chat.id)
      app.openChat(null)
      break
    case 'hub':
      app.discover.change({ query: act.query.slice(0, 200) })
      view.go('discover')
      view.focus('search')
      break
    case 'pull':
      void pull(app, act.name)
      break
    case 'chat':
      app.openChat(act.model.name)
      break
    case 'load':
      void app.models.load(act.model.name)
      break
    case 'unload':
      void app.models.unload(act.model.name)
      break
    case 'show':
      stores.models.setState({ filter: 'all', search: '' })
      stores.view.setState({ detailShown: true })
      void app.models.select(modelKey(act.model))
      view.go('models')
      view.openDetail(true)
      break
  }
}
