import { uiErrors, type SerializedError } from '../../shared/errors'
import { Button } from '../components/ui/Button'
import { ErrorNote } from '../components/ui/ErrorNote'
import type { Messages } from '../lib/messages'
import { useWindow } from './context'

const MAX_DETAILS = 8_000

/** The facts of an error, as text to read or to copy into a report; null when it has none. */
export function failureDetails(error: SerializedError): string | null {
  const facts = Object.entries(error.data ?? {})
  if (facts.length === 0) return null
  const lines = [`code: ${error.code}`]
  for (const [key, value] of facts) {
    const text = Array.isArray(value) ? value.join('\n') : typeof value === 'string' ? value : JSON.stringify(value)
    lines.push(text.includes('\n') ? `${key}:\n${text}` : `${key}: ${text}`)
  }
  return lines.join('\n').slice(0, MAX_DETAILS)
}

/** An error in the window's language. Where that is not the errors' own, their sentence stands below: it names the facts. */
export function failureWords(error: SerializedError, t: Messages): { title: string; message: string; hint: string | null } {
  const title = t.errors.title(error.code)
  const meaning = t.errors.explain(error.code)
  if (meaning === null) return { title, message: error.message, hint: error.hint ?? null }
  return { title, message: meaning, hint: [error.message, error.hint].filter(Boolean).join(' ') }
}

interface FailureNoteProps {
  error: SerializedError
  onRetry?: () => void
  /** False where the action stands beside it already. */
  withAction?: boolean
}

/** An error with the action that the table of the contract names for it. */
export function FailureNote({ error, onRetry, withAction = true }: FailureNoteProps) {
  const { t, engine, view } = useWindow()
  const { action } = uiErrors[error.code]
  const button = (label: string, act: () => void) => (
    <Button size="s" onClick={act}>
      {label}
    </Button>
  )
  const offered = () => {
    if (!withAction) return undefined
    if (action === 'install_engine') return button(t.errors.installEngine, () => void engine.install())
    if (action === 'open_models') return button(t.errors.openModels, () => view.go('models'))
    if (onRetry !== undefined && action !== 'none') return button(t.common.tryAgain, onRetry)
    return undefined
  }
  return <ErrorNote {...failureWords(error, t)} details={failureDetails(error)} words={t.common} actions={offered()} />
}
