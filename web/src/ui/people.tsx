import { Users } from "lucide-preact";
import type { JSX } from "preact";
import type { Person } from "../sync/api.ts";
import { personColor } from "./colors.ts";
import { t } from "./i18n.ts";
import { useObservable } from "./observe.ts";
import { Popover } from "./popover.tsx";
import type { RoomState } from "./roomstate.ts";
import type { TextKey } from "./texts.ts";

export function People({ room }: { readonly room: RoomState }): JSX.Element {
  const people = useObservable(room.session.people).value;
  const open = room.panel.value === "people";
  return (
    <div class="anchor">
      <button class="bar-button" aria-expanded={open} aria-label={t("room.people.count", { n: people.length })}
        title={t("room.people")} onClick={() => room.toggle("people")}>
        <Users aria-hidden="true" />
        <span class="tabular">{people.length}</span>
      </button>
      <Popover open={open} onClose={() => (room.panel.value = "")} label={t("room.people")} place="below-end">
        <h2>{t("room.people")}</h2>
        <ul class="people">
          {people.map((person) => (
            <li key={person.replica}>
              <PersonRow room={room} person={person} />
            </li>
          ))}
        </ul>
        {people.length < 2 && <p class="hint">{t("room.people.alone")}</p>}
      </Popover>
    </div>
  );
}

const roles: Readonly<Record<string, TextKey>> = {
  teacher: "role.teacher", assistant: "role.assistant", student: "role.student", observer: "role.observer",
};

function PersonRow({ room, person }: { readonly room: RoomState; readonly person: Person }): JSX.Element {
  const pages = useObservable(room.session.pages).value;
  const page = pages.indexOf(person.page) + 1;
  const role = roles[person.role];
  const notes = [person.self ? t("room.people.self") : "", role === undefined ? "" : t(role), page > 0 ? t("room.people.page", { n: page }) : ""];
  return (
    <>
      <span class="face" style={{ background: personColor(person.replica) }} aria-hidden="true">
        {[...person.name][0] ?? "?"}
      </span>
      <span class="person-name">{person.name}</span>
      <span class="meta">{notes.filter((note) => note !== "").join(" · ")}</span>
    </>
  );
}
