import { access, app, common, connection, sections, time } from './en/app'
import { account } from './en/account'
import { care } from './en/care'
import { chat } from './en/chat'
import { detail } from './en/detail'
import { discover } from './en/discover'
import { downloads } from './en/downloads'
import { engine } from './en/engine'
import { errors } from './en/errors'
import { firstRun } from './en/first-run'
import { models } from './en/models'
import { palette } from './en/palette'
import { removal } from './en/removal'
import { server } from './en/server'
import { serverView } from './en/server-view'
import { settings } from './en/settings'
import { storage } from './en/storage'

/** Every word of the window, by area. Another language is another object of this type. */
export const en = {
  locale: 'en',
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

export type Messages = typeof en
