import type { Session, WebContents } from 'electron'
import { isOwnUrl } from './protocol'

const MAX_LINK_LENGTH = 2_048

/** The link if a browser or mail program may open it, else null. What a model writes is hostile input, and so are its links. */
export function parseExternalLink(link: string): string | null {
  if (link.length > MAX_LINK_LENGTH) return null
  try {
    const url = new URL(link)
    if (url.username !== '' || url.password !== '') return null
    if (url.protocol === 'mailto:') return url.href
    return url.protocol === 'https:' && url.hostname !== '' ? url.href : null
  } catch {
    return null
  }
}

/** The page may write to the clipboard after a click, and nothing else. */
const ALLOWED_PERMISSIONS: ReadonlySet<string> = new Set(['clipboard-sanitized-write'])

export function isAllowedPermission(permission: string, requestingUrl: string): boolean {
  return ALLOWED_PERMISSIONS.has(permission) && isOwnUrl(requestingUrl)
}

type HardenedSession = Pick<Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'>

export function hardenSession(session: HardenedSession): void {
  session.setPermissionRequestHandler((_contents, permission, callback, details) => {
    callback(isAllowedPermission(permission, details.requestingUrl))
  })
  session.setPermissionCheckHandler((_contents, permission, origin) => isAllowedPermission(permission, origin))
  session.setDevicePermissionHandler(() => false)
}

type HardenedContents = Pick<WebContents, 'setWindowOpenHandler' | 'on'>

/** A page stays on the page it is: no navigation, no window, no webview. Links go to the system, if they may. */
export function hardenContents(contents: HardenedContents, openExternal: (link: string) => void): void {
  const refuse = (event: { preventDefault: () => void }): void => event.preventDefault()
  contents.on('will-navigate', refuse)
  contents.on('will-redirect', refuse)
  contents.on('will-frame-navigate', refuse)
  contents.on('will-attach-webview', refuse)
  contents.setWindowOpenHandler(({ url }) => {
    const link = parseExternalLink(url)
    if (link !== null) openExternal(link)
    return { action: 'deny' }
  })
}
