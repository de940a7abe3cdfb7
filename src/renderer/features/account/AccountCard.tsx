import { ExternalLink } from 'lucide-react'
import { useEffect, useId, useState, type ReactNode } from 'react'
import type { HubSignIn } from '../../../shared/contract'
import { FailureNote } from '../../app/FailureNote'
import { useAccount, useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { Ring } from '../../components/ui/Ring'
import { TextField } from '../../components/ui/TextField'
import { asFailure } from '../../lib/serialized'

const TOKENS_PAGE = 'https://huggingface.co/settings/tokens'

function TokenForm() {
  const { t, account } = useWindow()
  const words = t.account
  const busy = useAccount((state) => state.busy === 'login')
  const [typed, setTyped] = useState('')
  const id = useId()
  const isEmpty = typed.trim() === ''
  const logIn = (): void => {
    if (isEmpty || busy) return
    void account.logIn(typed).then((done) => {
      if (done) setTyped('')
    })
  }
  return (
    <form
      className="flex flex-wrap items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        logIn()
      }}
    >
      <label htmlFor={id} className="sr-only">
        {words.token}
      </label>
      <TextField
        id={id}
        type="password"
        placeholder={words.placeholder}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className="mono min-w-48 flex-1"
      />
      <Button kind="primary" busy={busy} off={isEmpty ? words.empty : false} onClick={logIn}>
        {words.signIn}
      </Button>
      <Button
        kind="link"
        icon={<ExternalLink size={14} aria-hidden="true" />}
        onClick={() => window.open(TOKENS_PAGE, '_blank', 'noopener')}
      >
        {words.makeToken}
      </Button>
    </form>
  )
}

/** Whose token counts, in two lines. */
function Who({ signIn }: { signIn: HubSignIn }) {
  const { t } = useWindow()
  const words = t.account
  const { name, role, source, kept, sealed } = signIn
  const title = sealed ? words.sealed : source === null ? words.nobody : name === null ? words.unknown : words.signedInAs(name)
  const from = source === 'store' ? (kept === null ? null : words.kept[kept]) : source === null ? null : words.from[source]
  const text = sealed ? words.sealedText : source === null ? words.nobodyText : [from, role === null ? null : words.role(role)]
  return (
    <div className="grid min-w-0 gap-0.5">
      <span className="font-medium [overflow-wrap:anywhere]">{title}</span>
      <span className="text-12 text-ink-2 text-pretty">{Array.isArray(text) ? text.filter(Boolean).join(' · ') : text}</span>
    </div>
  )
}

/** The account with the Hub: who is signed in, by which token, and the way in and out. */
export function AccountCard() {
  const { t, account } = useWindow()
  const words = t.account
  const signIn = useAccount((state) => state.signIn)
  const busy = useAccount((state) => state.busy)
  const error = useAccount((state) => state.error)
  useEffect(() => void account.refresh(), [account])
  const refused = error ?? asFailure(signIn?.error ?? null)
  const content = (): ReactNode => {
    if (signIn === null)
      return busy === null ? null : (
        <p className="flex items-center gap-2 text-ink-2">
          <Ring />
          {words.asking}
        </p>
      )
    const isTheirs = signIn.source === 'environment' || signIn.source === 'token_file'
    return (
      <>
        <div className="flex items-start justify-between gap-4">
          <Who signIn={signIn} />
          {signIn.kept === null ? null : (
            <Button busy={busy === 'logout'} onClick={() => void account.logOut()}>
              {words.signOut}
            </Button>
          )}
        </div>
        {isTheirs || (signIn.source === 'store' && signIn.error === null) ? null : <TokenForm />}
      </>
    )
  }
  return (
    <section aria-label={words.title} className="grid gap-1.5">
      <h3 className="px-1 text-12 font-semibold text-ink-2">{words.title}</h3>
      <div className="grid gap-3 rounded-4 bg-window px-4 py-3 shadow-[inset_0_0_0_1px_var(--k-line),var(--k-shadow-1)]">
        {content()}
        {refused === null ? null : <FailureNote error={refused} onRetry={() => void account.refresh()} />}
      </div>
    </section>
  )
}
