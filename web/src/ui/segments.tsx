import type { ComponentChildren, JSX } from "preact";

export interface Option<T> {
  readonly value: T;
  readonly label: string;
  /** Shown in place of the label, which then is the accessible name. */
  readonly face?: ComponentChildren;
}

export interface SegmentsProps<T> {
  readonly label: string;
  readonly options: readonly Option<T>[];
  /** undefined: none of them. */
  readonly value: T | undefined;
  readonly onChange: (value: T) => void;
  readonly kind?: "row" | "grid";
}

/** A choice of one of a few, as buttons in a row: arrow keys move it, as in any radio group. */
export function Segments<T extends string | number>({ label, options, value, onChange, kind = "row" }: SegmentsProps<T>): JSX.Element {
  const chosen = options.findIndex((o) => o.value === value);
  const step = (e: KeyboardEvent): void => {
    const by = e.key === "ArrowRight" || e.key === "ArrowDown" ? 1 : e.key === "ArrowLeft" || e.key === "ArrowUp" ? -1 : 0;
    if (by === 0) return;
    e.preventDefault();
    e.stopPropagation();
    const at = (Math.max(chosen, 0) + by + options.length) % options.length;
    const next = options[at];
    if (next === undefined) return;
    onChange(next.value);
    const buttons = (e.currentTarget as HTMLElement).querySelectorAll("button");
    buttons[at]?.focus();
  };
  return (
    <div class={`segments segments-${kind}`} role="radiogroup" aria-label={label} onKeyDown={step}>
      {options.map((option, i) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === value}
          aria-label={option.face === undefined ? undefined : option.label}
          title={option.face === undefined ? undefined : option.label}
          tabIndex={i === Math.max(chosen, 0) ? 0 : -1}
          onClick={() => onChange(option.value)}
        >
          {option.face ?? option.label}
        </button>
      ))}
    </div>
  );
}
