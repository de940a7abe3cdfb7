import { ChevronDown, ChevronRight } from 'lucide-react'
import { useWindow } from '../../app/context'
import type { GroupName } from './model'

interface GroupHeadProps {
  name: GroupName
  count: number
  folded: boolean
  rowIndex: number
  /** From the top of the list, in px. */
  top: number
  onToggle: () => void
}

export function GroupHead({ name, count, folded, rowIndex, top, onToggle }: GroupHeadProps) {
  const { t } = useWindow()
  const Arrow = folded ? ChevronRight : ChevronDown
  return (
    <tr
      role="row"
      aria-rowindex={rowIndex}
      className="absolute inset-x-0 top-0 block h-7"
      style={{ transform: `translateY(${top}px)` }}
    >
      <td role="gridcell" className="block px-[10px] pt-1">
        <button
          type="button"
          aria-expanded={!folded}
          onClick={onToggle}
          className="flex h-6 items-center gap-1.5 rounded-1 px-1.5 text-11 font-semibold text-ink-3 fine:hover:text-ink"
        >
          <Arrow size={12} aria-hidden="true" />
          {t.models.group[name]} <span className="num font-normal">{count}</span>
        </button>
      </td>
    </tr>
  )
}
