import { Brain } from 'lucide-react'
import { useEffect } from 'react'
import { useChat, useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { cx } from '../../lib/cx'

/** Whether the model thinks first, where its chat template lets a person say so. Nothing is sent until somebody has chosen. */
export function ThinkingSwitch() {
  const { t, chat } = useWindow()
  const model = useChat((state) => state.model)
  const known = useChat((state) => (state.model === null ? undefined : state.thinkingSwitch[state.model]))
  const params = useChat((state) => state.params)
  useEffect(() => {
    if (model !== null && known === undefined) void chat.learn(model)
  }, [chat, known, model])
  if (known !== true) return null
  // Templates with this switch think unless they are told not to.
  const thinks = params.enable_thinking ?? true
  return (
    <Button
      size="s"
      kind="ghost"
      aria-pressed={thinks}
      className={cx(thinks && 'text-accent-ink')}
      icon={<Brain size={14} aria-hidden="true" />}
      onClick={() => chat.configure({ params: { ...params, enable_thinking: !thinks } })}
    >
      {t.chat.think}
    </Button>
  )
}
