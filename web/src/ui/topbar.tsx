import type { JSX } from "preact";
import { ConnectionPill } from "./connection.tsx";
import { t } from "./i18n.ts";
import { Invite } from "./invite.tsx";
import { Logo } from "./logo.tsx";
import { More } from "./more.tsx";
import { useObservable } from "./observe.ts";
import { PageMenu } from "./pagemenu.tsx";
import { People } from "./people.tsx";
import type { RoomState } from "./roomstate.ts";
import { go } from "./router.ts";

/** Three parts: what and where, the middle that lessons' modes will take, who and how. */
export function TopBar({ room }: { readonly room: RoomState }): JSX.Element {
  const title = useObservable(room.session.roomName).value || t("room.untitled");
  return (
    <header class="bar">
      <div class="bar-part">
        <button class="icon-button" aria-label={t("room.home")} title={t("room.home")} onClick={() => go("/")}>
          <Logo size={26} />
        </button>
        <h1 class="bar-title">{title}</h1>
        <code class="bar-code wide-only">{room.code}</code>
      </div>
      <div class="bar-part bar-end">
        <ConnectionPill room={room} />
        <People room={room} />
        <Invite room={room} />
        <PageMenu room={room} />
        <More room={room} />
      </div>
    </header>
  );
}
