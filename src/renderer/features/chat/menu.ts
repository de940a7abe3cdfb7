/** How menus of the chat look. */
export const menuPopup =
  'enter max-h-(--available-height) w-[min(300px,calc(100vw-24px))] overflow-y-auto rounded-4 bg-raised p-1 shadow-3 outline-none'
export const menuItem =
  'flex h-7 cursor-default items-center gap-2 rounded-3 px-2 text-13 outline-none data-highlighted:bg-select data-disabled:text-ink-off'
export const menuLine = 'mx-2 my-1 h-px bg-line'
