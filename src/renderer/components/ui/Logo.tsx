/** The knife on its tile. */
export function Logo({ size = 52 }: { size?: number }) {
  return (
    <span
      aria-hidden="true"
      className="grid flex-none place-items-center bg-accent text-on-accent shadow-2"
      style={{ width: size, height: size, borderRadius: size / 4 }}
    >
      <svg width={size * 0.62} height={size * 0.62} viewBox="0 0 18 18" fill="none">
        <path d="M7.2 12 15.7 3.5C13.5 2.5 11.3 2.9 9.8 4.4L4.7 9.5z" fill="currentColor" />
        <path d="M5.1 12.1 2.7 14.9" stroke="currentColor" strokeWidth="2.5" strokeLinecap="round" />
      </svg>
    </span>
  )
}
