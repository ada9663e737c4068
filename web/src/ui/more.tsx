import { Activity, BookOpen, Ellipsis, Keyboard, LogOut } from "lucide-preact";
import type { JSX } from "preact";
import { size } from "./device.ts";
import { t } from "./i18n.ts";
import { LanguageSwitch } from "./languageswitch.tsx";
import { Popover } from "./popover.tsx";
import type { RoomState } from "./roomstate.ts";
import { go } from "./router.ts";
import { Row } from "./row.tsx";
import { Segments } from "./segments.tsx";
import { fingers, paper, theme } from "./settings.ts";

export function More({ room }: { readonly room: RoomState }): JSX.Element {
  const open = room.panel.value === "more";
  return (
    <div class="anchor">
      <button class="bar-button" aria-expanded={open} aria-label={t("room.more")} title={t("room.more")} onClick={() => room.toggle("more")}>
        <Ellipsis aria-hidden="true" />
      </button>
      <Popover open={open} onClose={() => (room.panel.value = "")} label={t("room.more")} place="below-end more">
        {size.value === "phone" && (
          <>
            <Row room={room} text={t("page.menu")} onPress={() => (room.panel.value = "page")}><BookOpen aria-hidden="true" /></Row>
            <hr />
          </>
        )}
        <Settings />
        <hr />
        <Row room={room} text={t("room.shortcuts")} onPress={() => (room.panel.value = "keys")}><Keyboard aria-hidden="true" /></Row>
        <Row room={room} text={t("figures.open")} onPress={() => (room.av.figures.value = true)}><Activity aria-hidden="true" /></Row>
        <Row room={room} text={t("room.leave")} onPress={() => go("/")}><LogOut aria-hidden="true" /></Row>
      </Popover>
    </div>
  );
}

function Settings(): JSX.Element {
  return (
    <div class="settings">
      <span>{t("setting.paper")}</span>
      <Segments label={t("setting.paper")} value={paper.value} onChange={(v) => (paper.value = v)}
        options={[{ value: "white", label: t("setting.paper.white") }, { value: "blackboard", label: t("setting.paper.blackboard") }]} />
      <span>{t("setting.theme")}</span>
      <Segments label={t("setting.theme")} value={theme.value} onChange={(v) => (theme.value = v)}
        options={[{ value: "system", label: t("setting.theme.system") }, { value: "light", label: t("setting.theme.light") },
          { value: "dark", label: t("setting.theme.dark") }]} />
      <span>{t("language.label")}</span>
      <LanguageSwitch />
      <span>{t("setting.fingers")}</span>
      <Segments label={t("setting.fingers")} value={fingers.value} onChange={(v) => (fingers.value = v)}
        options={[{ value: "auto", label: t("setting.fingers.auto") }, { value: "draw", label: t("setting.fingers.draw") },
          { value: "pan", label: t("setting.fingers.pan") }]} />
      <p class="hint">{t("setting.fingers.hint")}</p>
    </div>
  );
}
