import type { ComponentChildren, JSX } from "preact";
import { X } from "lucide-preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "./i18n.ts";

export interface SheetProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ComponentChildren;
  /** From below on a phone; in the middle elsewhere. */
  readonly kind: "dialog" | "bottom";
}

/** A modal dialog: the browser traps the focus; it goes back to where it was. */
export function Sheet({ open, onClose, title, children, kind }: SheetProps): JSX.Element | null {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element === null) return undefined;
    const before = document.activeElement;
    element.showModal();
    return () => {
      element.close();
      // By now the dialog may be out of the document, where closing gives nothing back.
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, [open]);
  if (!open) return null;
  return (
    <dialog
      class={`sheet sheet-${kind}`}
      ref={dialog}
      aria-label={title}
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
      onClick={(e) => {
        if (e.target === dialog.current) onClose();
      }}
    >
      <div class="sheet-body">
        <header class="sheet-head">
          <h2>{title}</h2>
          <button class="icon-button" aria-label={t("common.close")} onClick={onClose}>
            <X aria-hidden="true" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
