import { CircleAlert, RotateCw, X } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "./i18n.ts";
import type { RoomState } from "./roomstate.ts";
import type { Task } from "./tasks.ts";

/** What is under way or went wrong, each in a line of its own. */
export function TaskCards({ room }: { readonly room: RoomState }): JSX.Element {
  return <>{room.tasks.list.value.map((task) => <TaskCard key={task.id} task={task} />)}</>;
}

function TaskCard({ task }: { readonly task: Task }): JSX.Element {
  const { name, title, state, close } = task;
  if (state.kind === "failed") {
    return (
      <div class="notice notice-bad" role="alert">
        <CircleAlert aria-hidden="true" />
        <span>
          <strong>{name}</strong> {state.text} {state.code !== 0 && <small class="tabular">{t("common.details", { code: state.code })}</small>}
        </span>
        {state.again !== undefined && (
          <button class="button" onClick={state.again}>
            <RotateCw aria-hidden="true" />
            {t("common.retry")}
          </button>
        )}
        <button class="icon-button" aria-label={t("common.close")} onClick={close}>
          <X aria-hidden="true" />
        </button>
      </div>
    );
  }
  const percent = state.part === undefined ? undefined : Math.round(state.part * 100);
  return (
    <div class="notice task">
      <span>{title}</span>
      <progress aria-label={title} max={100} {...(percent === undefined ? {} : { value: percent })} />
      <span class="task-percent tabular">{percent === undefined ? "" : `${percent}%`}</span>
      <button class="button" onClick={close}>{t("common.cancel")}</button>
    </div>
  );
}

/** How long a toast stays, ms. */
const TOAST_MS = 10_000;

/** Said in passing, above the tools; goes by itself, or with the next thing done. */
export function ToastLine({ room }: { readonly room: RoomState }): JSX.Element {
  const toast = room.toast.value;
  useEffect(() => {
    if (toast === undefined) return undefined;
    const timer = setTimeout(() => (room.toast.value = undefined), TOAST_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <div class="toasts" role="status">
      {toast !== undefined && (
        <div class="notice toast">
          <span>{t(toast.text, toast.parameters)}</span>
          {toast.undo !== undefined && (
            <button class="button" onClick={() => {
              room.toast.value = undefined;
              toast.undo?.();
            }}>{t("command.undo")}</button>
          )}
        </div>
      )}
    </div>
  );
}
