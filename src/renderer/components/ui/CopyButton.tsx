import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { copyText } from '../../lib/clipboard'
import { Button, IconButton } from './Button'

interface CopyButtonProps {
  text: string
  label: string
  copiedLabel: string
  /** The label as text beside the icon, else the icon alone. */
  caption?: string
  kind?: 'plain' | 'ghost'
  className?: string
}

const SHOWN_MS = 1_600

/** Copies, and says for a moment that it did. */
export function CopyButton({ text, label, copiedLabel, caption, kind = 'ghost', className = '' }: CopyButtonProps) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return undefined
    const timer = setTimeout(() => setCopied(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [copied])
  const icon = copied ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />
  const act = (): void => void copyText(text).then(setCopied)
  if (caption === undefined)
    return (
      <IconButton label={copied ? copiedLabel : label} size="s" kind={kind} className={className} onClick={act}>
        {icon}
      </IconButton>
    )
  return (
    <Button size="s" kind={kind} icon={icon} aria-label={copied ? copiedLabel : label} className={className} onClick={act}>
      {copied ? copiedLabel : caption}
    </Button>
  )
}
