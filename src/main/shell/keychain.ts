import type { SafeStorage } from 'electron'
import type { Sealer } from '../core/secrets'

/** What Electron's `safeStorage` has of it: runtimes before 42 lack the asynchronous calls. */
type Storage = Partial<
  Pick<SafeStorage, 'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'>
>

/** Linux without a secret service: what is sealed with these could be opened by everybody (Electron's documentation of safeStorage). */
const HOLLOW = new Set(['basic_text', 'unknown'])

/**
 * The keychain of the system behind Electron's `safeStorage`: Keychain Access on macOS, a secret service on Linux. Only its asynchronous
 * calls are used, since the others can stop the whole app while the system asks for a password. Call after the app is ready.
 */
export function createKeychain(storage: Storage, os: NodeJS.Platform): Sealer | null {
  const { isAsyncEncryptionAvailable, encryptStringAsync, decryptStringAsync } = storage
  if (isAsyncEncryptionAvailable === undefined || encryptStringAsync === undefined || decryptStringAsync === undefined) return null
  const isHollow = (): boolean => os === 'linux' && HOLLOW.has(storage.getSelectedStorageBackend?.() ?? 'unknown')
  return {
    isAvailable: async () => !isHollow() && (await isAsyncEncryptionAvailable.call(storage).catch(() => false)),
    seal: (text) => encryptStringAsync.call(storage, text),
    unseal: async (bytes) => {
      const { result, shouldReEncrypt } = await decryptStringAsync.call(storage, bytes)
      return { text: result, isStale: shouldReEncrypt }
    },
  }
}
