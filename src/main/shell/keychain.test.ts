import { describe, expect, it, vi } from 'vitest'
import { createKeychain } from './keychain'

function storage(backend: 'basic_text' | 'gnome_libsecret' | 'unknown' = 'gnome_libsecret', available = true) {
  return {
    isAsyncEncryptionAvailable: vi.fn<() => Promise<boolean>>(() => Promise.resolve(available)),
    encryptStringAsync: (text: string) => Promise.resolve(Buffer.from(text).reverse()),
    decryptStringAsync: (bytes: Buffer) =>
      Promise.resolve({ result: Buffer.from(bytes).reverse().toString(), shouldReEncrypt: true }),
    getSelectedStorageBackend: () => backend,
  }
}

describe('the keychain of the app', () => {
  it('gives back what it sealed, and says when that is to be sealed anew', async () => {
    const keychain = createKeychain(storage(), 'darwin')
    expect(await keychain?.isAvailable()).toBe(true)
    const sealed = await keychain?.seal('hf_one')
    expect(sealed?.toString()).toBe('eno_fh')
    expect(await keychain?.unseal(sealed ?? Buffer.alloc(0))).toEqual({ text: 'hf_one', isStale: true })
  })

  it('is not used where Linux has none that hides anything', async () => {
    expect(await createKeychain(storage('basic_text'), 'linux')?.isAvailable()).toBe(false)
    expect(await createKeychain(storage('unknown'), 'linux')?.isAvailable()).toBe(false)
    expect(await createKeychain(storage('gnome_libsecret'), 'linux')?.isAvailable()).toBe(true)
    // The name is Linux's alone.
    expect(await createKeychain(storage('unknown'), 'darwin')?.isAvailable()).toBe(true)
  })

  it('that is locked or fails counts as none', async () => {
    expect(await createKeychain(storage('gnome_libsecret', false), 'darwin')?.isAvailable()).toBe(false)
    const failing = storage()
    failing.isAsyncEncryptionAvailable.mockRejectedValue(new Error('no'))
    expect(await createKeychain(failing, 'darwin')?.isAvailable()).toBe(false)
  })

  it('is none in a runtime without the asynchronous calls', () => {
    expect(createKeychain({}, 'darwin')).toBeNull()
  })
})
