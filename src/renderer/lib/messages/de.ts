import { access, app, common, connection, sections, time } from './de/app'
import { account } from './de/account'
import { care } from './de/care'
import { chat } from './de/chat'
import { detail } from './de/detail'
import { discover } from './de/discover'
import { downloads } from './de/downloads'
import { engine } from './de/engine'
import { errors } from './de/errors'
import { firstRun } from './de/first-run'
import { models } from './de/models'
import { palette } from './de/palette'
import { removal } from './de/removal'
import { server } from './de/server'
import { serverView } from './de/server-view'
import { settings } from './de/settings'
import { storage } from './de/storage'
import type { Messages } from './en'

/** The window in German. */
export const de: Messages = {
  locale: 'de',
  account,
  app,
  time,
  common,
  access,
  connection,
  sections,
  errors,
  server,
  serverView,
  settings,
  engine,
  firstRun,
  models,
  detail,
  chat,
  storage,
  discover,
  downloads,
  removal,
  care,
  palette,
}
