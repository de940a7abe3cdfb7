import { useSyncExternalStore } from 'react'

/** Follows a media query. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = window.matchMedia(query)
      list.addEventListener('change', changed)
      return () => list.removeEventListener('change', changed)
    },
    () => window.matchMedia(query).matches,
  )
}

/** List and detail beside each other; below it the detail replaces the list. */
export const TWO_COLUMNS = '(min-width: 56.25rem)'
/** The sidebar stands beside the content; below it it is an overlay. */
export const SIDEBAR = '(min-width: 47.5rem)'
/** There is room for a list of conversations beside the sidebar and the conversation. */
export const WIDE = '(min-width: 65rem)'
