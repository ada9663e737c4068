import type { JSX } from "preact";

/** A board with a line of chalk; size: of an icon's. */
export const Logo = ({ size }: { readonly size: number }): JSX.Element => (
  <svg style={{ width: `calc(${size} * var(--icon))` }} viewBox="0 0 32 32" aria-hidden="true">
    <rect x="2" y="4" width="28" height="24" rx="5" fill="#1f4d3a" />
    <path d="M7 20c3-9 6-9 7-4s3 6 5 1 4-5 6-3" fill="none" stroke="#f7f5ef" stroke-width="2.6" stroke-linecap="round" />
    <circle cx="25" cy="22.5" r="1.8" fill="#f2c14e" />
  </svg>
);
