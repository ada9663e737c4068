import type { JSX } from "preact";
import type { Gateway } from "./gateway.ts";
import { RoomPage } from "./room.tsx";
import { route } from "./router.ts";
import { name } from "./settings.ts";
import { AskName, Start } from "./start.tsx";

export function App({ gateway }: { readonly gateway: Gateway }): JSX.Element {
  const at = route.value;
  switch (at.kind) {
    case "start":
    case "bad-link":
      return <Start gateway={gateway} badLink={at.kind === "bad-link"} />;
    case "room":
      return name.value.trim() === "" ? <AskName room={at.room} /> : <RoomPage key={String(at.room)} gateway={gateway} room={at.room} />;
  }
}
