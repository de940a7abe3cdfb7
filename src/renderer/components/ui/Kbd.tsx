/** A shortcut, as a picture of its keys: the same is in the element's tooltip or label. */
export function Kbd({ children }: { children: string }) {
  return (
    <kbd
      aria-hidden="true"
      className="ms-auto min-w-[18px] flex-none rounded-1 px-1 text-center font-sans text-11 leading-4 font-medium whitespace-nowrap text-ink-3 shadow-[inset_0_0_0_1px_var(--k-line-2)]"
    >
      {children}
    </kbd>
  )
}
