import { Boxes, ShieldCheck, Trash2 } from 'lucide-react'
import type { ModelSummary } from '../../../shared/contract'
import { useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { Notice } from '../../components/ui/Notice'
import { canRemove } from './model'

const icon = { size: 14, 'aria-hidden': true } as const

/** In place of the details of one model, when several are selected: what they take together, and what can be done to all of them. */
export function ManyPane({ models }: { models: readonly ModelSummary[] }) {
  const { t, format, care, removal } = useWindow()
  const bytes = models.reduce((sum, model) => sum + model.size_bytes, 0)
  const removable = models.filter(canRemove)
  const targets = removable.map((model) => ({ name: model.name, root: model.root.path, revision: null }))
  return (
    <Notice
      icon={<Boxes size={28} strokeWidth={1.4} />}
      title={t.detail.many(models.length)}
      actions={
        <>
          <Button icon={<ShieldCheck {...icon} />} onClick={() => void care.verify(models.map(({ name }) => name))}>
            {t.care.verifyLong}
          </Button>
          {targets.length === 0 ? null : (
            <Button icon={<Trash2 {...icon} />} onClick={() => void removal.ask({ targets, prune: null })}>
              {t.care.remove}
            </Button>
          )}
        </>
      }
    >
      {t.detail.manyText(format.disk(bytes))}
    </Notice>
  )
}
