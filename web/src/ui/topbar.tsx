import type { JSX } from "preact";
import { AlignmentChip } from "./av/alignmentchip.tsx";
import { Publishing } from "./av/publish.tsx";
import { ConnectionPill } from "./connection.tsx";
import { size } from "./device.ts";
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
  const phone = size.value === "phone";
  const title = useObservable(room.session.roomName).value || t("room.untitled");
  return (
    <header class="bar">
      <div class="bar-part">
        <button class="icon-button" aria-label={t("room.home")} title={t("room.home")} onClick={() => go("/")}>
          <Logo size={1.3} />
        </button>
        <h1 class="bar-title">{title}</h1>
        <code class="bar-code wide-only">{room.code}</code>
      </div>
      <div class="bar-part bar-end">
        {!phone && <Publishing room={room} />}
        {!phone && <AlignmentChip room={room} place="bar" />}
        <ConnectionPill room={room} />
        <People room={room} />
        <Invite room={room} />
        <PageMenu room={room} />
        <More room={room} />
      </div>
    </header>
  );
}
