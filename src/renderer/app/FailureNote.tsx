import { uiErrors, type SerializedError } from '../../shared/errors'
import { Button } from '../components/ui/Button'
import { ErrorNote } from '../components/ui/ErrorNote'
import { useWindow } from './context'

const MAX_DETAILS = 8_000

/** The hint and the facts of an error, as text to read or to copy into a report. */
export function failureDetails(error: SerializedError): string {
  const lines = [error.hint ?? null, `code: ${error.code}`]
  for (const [key, value] of Object.entries(error.data ?? {})) {
    const text = Array.isArray(value) ? value.join('\n') : typeof value === 'string' ? value : JSON.stringify(value)
    lines.push(text.includes('\n') ? `${key}:\n${text}` : `${key}: ${text}`)
  }
  return lines
    .filter((line) => line !== null)
    .join('\n')
    .slice(0, MAX_DETAILS)
}

/** An error with the action that the table of the contract names for it. */
export function FailureNote({ error, onRetry }: { error: SerializedError; onRetry?: () => void }) {
  const { t, engine, view } = useWindow()
  const { title, action } = uiErrors[error.code]
  const button = (label: string, act: () => void) => (
    <Button size="s" onClick={act}>
      {label}
    </Button>
  )
  const offered = () => {
    if (action === 'install_engine') return button(t.errors.installEngine, () => void engine.install())
    if (action === 'open_models') return button(t.errors.openModels, () => view.go('models'))
    if (onRetry !== undefined && action !== 'none') return button(t.common.tryAgain, onRetry)
    return undefined
  }
  return <ErrorNote title={title} message={error.message} details={failureDetails(error)} words={t.common} actions={offered()} />
}
