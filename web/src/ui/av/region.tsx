import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import { t } from "../i18n.ts";
import { regionOf, stepped } from "./regions.ts";
import type { Region } from "./regions.ts";

export type { Region };

export interface RegionPickerProps {
  readonly value: Region;
  readonly onChange: (region: Region) => void;
  /** The picture. */
  readonly children: ComponentChildren;
}

/** A rectangle dragged over a picture; arrow keys move it and, with shift, size it. */
export function RegionPicker({ value, onChange, children }: RegionPickerProps): JSX.Element {
  const from = useRef<readonly [number, number]>();
  const at = (e: PointerEvent): readonly [number, number] => {
    const box = (e.currentTarget as HTMLElement).getBoundingClientRect();
    return [(e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height];
  };
  return (
    <div class="preview preview-screen region"
      onPointerDown={(e) => {
        (e.currentTarget as HTMLElement).setPointerCapture(e.pointerId);
        from.current = at(e);
      }}
      onPointerMove={(e) => from.current !== undefined && onChange(regionOf(from.current, at(e)))}
      onPointerUp={() => (from.current = undefined)}
      onPointerCancel={() => (from.current = undefined)}>
      {children}
      <button class="region-frame" aria-label={t("av.screen.part.frame")} title={t("av.screen.part.help")}
        style={{ left: `${100 * value.x}%`, top: `${100 * value.y}%`, width: `${100 * value.w}%`, height: `${100 * value.h}%` }}
        onKeyDown={(e) => {
          const next = stepped(value, e.key, e.shiftKey);
          if (next === undefined) return;
          e.preventDefault();
          e.stopPropagation();
          onChange(next);
        }} />
    </div>
  );
}
