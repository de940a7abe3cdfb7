import { describe, expect, test, vi } from 'vitest'
import { hardenContents, hardenSession, isAllowedPermission, parseExternalLink } from './security'

describe('links that leave the app', () => {
  test.each([
    ['https://huggingface.co/org/model?x=1#y', 'https://huggingface.co/org/model?x=1#y'],
    ['mailto:someone@example.com', 'mailto:someone@example.com'],
    ['http://example.com/', null],
    ['https://user:pass@example.com/', null],
    ['file:///etc/passwd', null],
    ['javascript:alert(1)', null],
    ['smb://host/share', null],
    ['mlxk://app/', null],
    ['not a link', null],
    ['', null],
    [`https://example.com/${'a'.repeat(3000)}`, null],
  ])('%s', (link, expected) => {
    expect(parseExternalLink(link)).toBe(expected)
  })
})

describe('permissions', () => {
  test('only our page may write to the clipboard, nobody gets anything else', () => {
    expect(isAllowedPermission('clipboard-sanitized-write', 'mlxk://app/')).toBe(true)
    expect(isAllowedPermission('clipboard-sanitized-write', 'https://example.com/')).toBe(false)
    for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'midi', 'unknown'])
      expect(isAllowedPermission(permission, 'mlxk://app/'), permission).toBe(false)
  })

  test('every kind of request is answered', () => {
    const session = {
      setPermissionRequestHandler: vi.fn(),
      setPermissionCheckHandler: vi.fn(),
      setDevicePermissionHandler: vi.fn(),
    } satisfies Parameters<typeof hardenSession>[0]
    hardenSession(session)
    const answer = vi.fn()
    session.setPermissionRequestHandler.mock.calls[0]?.[0](null, 'media', answer, { requestingUrl: 'mlxk://app/' })
    expect(answer).toHaveBeenCalledWith(false)
    expect(session.setPermissionCheckHandler.mock.calls[0]?.[0](null, 'media', 'mlxk://app')).toBe(false)
    expect(session.setDevicePermissionHandler.mock.calls[0]?.[0]({})).toBe(false)
  })
})

describe('a page', () => {
  const harden = () => {
    const listeners = new Map<string, (event: { preventDefault: () => void }) => void>()
    let open: Parameters<Electron.WebContents['setWindowOpenHandler']>[0] | undefined
    const openExternal = vi.fn()
    const contents = {
      on: (event: string, listener: (event: { preventDefault: () => void }) => void) => listeners.set(event, listener),
      setWindowOpenHandler: (handler: typeof open) => {
        open = handler
      },
    }
    hardenContents(contents as unknown as Parameters<typeof hardenContents>[0], openExternal)
    return { listeners, openExternal, open: (url: string) => open?.({ url } as Electron.HandlerDetails) }
  }

  test.each(['will-navigate', 'will-redirect', 'will-frame-navigate', 'will-attach-webview'])('cannot %s', (event) => {
    const { listeners } = harden()
    const preventDefault = vi.fn()
    listeners.get(event)?.({ preventDefault })
    expect(preventDefault).toHaveBeenCalledOnce()
  })

  test('opens no window; a fit link goes to the system', () => {
    const { open, openExternal } = harden()
    expect(open('https://example.com/')).toEqual({ action: 'deny' })
    expect(openExternal).toHaveBeenCalledExactlyOnceWith('https://example.com/')
    expect(open('file:///etc/passwd')).toEqual({ action: 'deny' })
    expect(openExternal).toHaveBeenCalledOnce()
  })
})
