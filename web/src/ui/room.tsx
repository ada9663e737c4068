import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CalibrateSheet } from "./av/calibrate.tsx";
import { EncoderSheet } from "./av/encoder.tsx";
import { FiguresPanel } from "./av/figurespanel.tsx";
import { FollowChip } from "./av/followchip.tsx";
import { Publishing } from "./av/publish.tsx";
import { Tiles } from "./av/tiles.tsx";
import { BoardView } from "./boardview.tsx";
import { Code } from "../sync/index.ts";
import { size } from "./device.ts";
import { publishDiagnostics } from "./diagnostics.ts";
import { codeOf } from "./gateway.ts";
import type { Gateway } from "./gateway.ts";
import { t } from "./i18n.ts";
import { KeySheet, useShortcuts } from "./keys.tsx";
import { Logo } from "./logo.tsx";
import { Notices } from "./notices.tsx";
import { useObservable } from "./observe.ts";
import { PageList } from "./pages.tsx";
import { RoomState } from "./roomstate.ts";
import { go } from "./router.ts";
import { dock, name } from "./settings.ts";
import { SelectionBar } from "./selectionbar.tsx";
import { Sheet } from "./sheet.tsx";
import { ToastLine } from "./taskcards.tsx";
import { errorKey } from "./texts.ts";
import type { TextKey } from "./texts.ts";
import { ToolBar } from "./toolbar.tsx";
import { TopBar } from "./topbar.tsx";

/** A room: connected while it is shown. */
export function RoomPage({ gateway, room: id }: { readonly gateway: Gateway; readonly room: bigint }): JSX.Element {
  const [room, setRoom] = useState<RoomState>();
  const [failure, setFailure] = useState<number>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    setFailure(undefined);
    return enter(gateway, id, setRoom, (error) => setFailure(codeOf(error)));
  }, [gateway, id, attempt]);
  if (room !== undefined) return <RoomLayout room={room} />;
  return failure === undefined ? <Waiting /> : <Unreachable code={failure} onRetry={() => setAttempt(attempt + 1)} />;
}

/** Joins; returns how to leave, which may come before the joining is through. */
function enter(gateway: Gateway, id: bigint, entered: (room: RoomState) => void, failed: (error: unknown) => void): () => void {
  let left = false;
  let close = (): void => undefined;
  void gateway.connect(id, name.peek().trim()).then((session) => {
    if (left) return void session.leave();
    const room = new RoomState(session, gateway.media(session), id);
    const unpublish = publishDiagnostics(room);
    close = () => {
      unpublish();
      room.close();
    };
    entered(room);
  }, failed);
  return () => {
    left = true;
    close();
  };
}

const Waiting = (): JSX.Element => (
  <div class="start">
    <main class="start-main">
      <div class="brand" role="status">
        <Logo size={3.2} />
        <p>{t("start.working")}</p>
      </div>
    </main>
  </div>
);

/** Where the server gives no token, guests may not enter. */
const unreachable = (code: number): TextKey => (code === 0 ? "error.network" : code === Code.NotPermitted ? "start.noguests" : errorKey(code));

function Unreachable({ code, onRetry }: { readonly code: number; readonly onRetry: () => void }): JSX.Element {
  return (
    <div class="start">
      <main class="start-main">
        <div class="brand" role="alert">
          <Logo size={3.2} />
          <p>{t(unreachable(code))}</p>
        </div>
        <div class="start-ways">
          <button class="button button-main" onClick={onRetry}>{t("common.retry")}</button>
          <button class="button" onClick={() => go("/")}>{t("start.home")}</button>
        </div>
      </main>
    </div>
  );
}

function RoomLayout({ room }: { readonly room: RoomState }): JSX.Element {
  const title = useObservable(room.session.roomName).value;
  useEffect(() => {
    document.title = title === "" ? t("app.name") : `${title} · ${t("app.name")}`;
    return () => void (document.title = t("app.name"));
  }, [title]);
  useShortcuts(room);
  const phone = size.value === "phone";
  return (
    <div class="room" data-dock={size.value === "large" ? dock.value : "bottom"}>
      <TopBar room={room} />
      {!phone && <aside class="strip"><PageList room={room} /></aside>}
      <main class="stage">
        <BoardView room={room} />
        <SelectionBar room={room} />
        <Notices room={room} />
        <FollowChip room={room} />
        {phone && <Tiles room={room} />}
        {phone && <Publishing room={room} />}
        <FiguresPanel room={room} />
        <ToolBar room={room} />
        <ToastLine room={room} />
      </main>
      {!phone && <Tiles room={room} />}
      {phone && (
        <Sheet kind="bottom" open={room.panel.value === "pages"} onClose={() => (room.panel.value = "")} title={t("pages.title")}>
          <PageList room={room} onChosen={() => (room.panel.value = "")} />
        </Sheet>
      )}
      <KeySheet room={room} />
      <EncoderSheet room={room} />
      <CalibrateSheet room={room} />
    </div>
  );
}
