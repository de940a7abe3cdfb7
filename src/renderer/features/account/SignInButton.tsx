import type { SerializedError } from '../../../shared/errors'
import { useWindow } from '../../app/context'
import { Button, type ButtonProps } from '../../components/ui/Button'

/** True for a refusal of the Hub that an account may lift: nobody is signed in. */
export const needsSignIn = (error: Pick<SerializedError, 'data'> & { code: string }): boolean =>
  error.code === 'access_denied' && error.data?.['signed_in'] === false

/** The way to the account in Settings, beside a refusal of the Hub. */
export function SignInButton(props: Pick<ButtonProps, 'size' | 'kind'>) {
  const { t, view } = useWindow()
  return (
    <Button {...props} onClick={() => view.openSettings('downloads')}>
      {t.account.goSignIn}
    </Button>
  )
}
