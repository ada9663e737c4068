import { CornerUpLeft, UserCheck } from "lucide-preact";
import type { JSX } from "preact";
import { t } from "../i18n.ts";
import { useObservable } from "../observe.ts";
import type { RoomState } from "../roomstate.ts";

/** Whether one looks at the page that everybody is shown, and the way back to it. */
export function FollowChip({ room }: { readonly room: RoomState }): JSX.Element | null {
  const { page, lead } = useObservable(room.session.stage).value;
  const n = useObservable(room.session.pages).value.indexOf(page) + 1;
  const name = useObservable(room.session.people).value.find((p) => p.participant === lead)?.name;
  if (n === 0 || room.follow.leads) return null;
  if (room.follow.following.value) {
    if (lead === "") return null;
    return (
      <p class="follow follow-on meta" role="status">
        <UserCheck aria-hidden="true" />
        <span>{name === undefined ? t("follow.on.nobody") : t("follow.on", { name })}</span>
      </p>
    );
  }
  return (
    <button class="button follow" onClick={() => room.follow.back()}>
      <CornerUpLeft aria-hidden="true" />
      <span>{name === undefined ? t("follow.back.nobody", { n }) : t("follow.back", { name, n })}</span>
    </button>
  );
}
