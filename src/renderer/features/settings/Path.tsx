import { useWindow } from '../../app/context'
import { CopyButton } from '../../components/ui/CopyButton'

/** Where something lies, to be copied. */
export function Path({ path }: { path: string }) {
  const { t } = useWindow()
  return (
    <span className="flex min-w-0 items-center gap-1">
      <span dir="auto" className="mono text truncate text-12 text-ink-2" title={path}>
        {path}
      </span>
      <CopyButton text={path} label={t.settings.copyPath} copiedLabel={t.common.copied} className="-my-1" />
    </span>
  )
}
