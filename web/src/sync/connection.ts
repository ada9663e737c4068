// The one connection state machine: the phases of SES11, which the server has by the same names.
//
//   phase          event → phase
//   resting        dial → dialing · over → ended
//   dialing        welcomed → joining · lost → resting · over → ended
//   joining        joined → catching-up · lost → resting · over → ended
//   catching-up    caught-up → synced · lost → resting · over → ended
//   synced         behind → catching-up · lost → resting · over → ended
//   ended          nothing leads out
//
// resting waits for the next attempt; joining is between Welcome and JOIN_ROOM_RESULT; catching-up lasts until every
// open document has its state, but for boards that are open to deliver only. An event that a phase does not name changes
// nothing. What people see of it:
//
//   before the first sync   resting, dialing, joining, catching-up → connecting, with the code of the last attempt
//   after it                the same → reconnecting, with the code of the loss
//   resting, dialing, while the system says that there is no network → offline
//   synced → synced · ended → ended
import type { Connection, Route } from "./api.ts";

export type Phase = "resting" | "dialing" | "joining" | "catching-up" | "synced" | "ended";
export type PhaseEvent = "dial" | "welcomed" | "joined" | "caught-up" | "behind" | "lost" | "over";

const TABLE: Readonly<Record<Phase, Readonly<Partial<Record<PhaseEvent, Phase>>>>> = {
  resting: { dial: "dialing", over: "ended" },
  dialing: { welcomed: "joining", lost: "resting", over: "ended" },
  joining: { joined: "catching-up", lost: "resting", over: "ended" },
  "catching-up": { "caught-up": "synced", lost: "resting", over: "ended" },
  synced: { behind: "catching-up", lost: "resting", over: "ended" },
  ended: {},
};

/** The phase after an event. */
export function advance(phase: Phase, event: PhaseEvent): Phase {
  return TABLE[phase][event] ?? phase;
}

/** What the shown state depends on, beside the phase. */
export interface Circumstances {
  readonly everSynced: boolean;
  /** False while the system says that there is no network. */
  readonly online: boolean;
  readonly route: Route;
  readonly fallback: boolean;
  readonly rttMs: number;
  readonly unsent: number;
  readonly sending: boolean;
  /** Code of the last loss or of the end, 0 if there was none. */
  readonly code: number;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What people see of a phase. */
export function shown(phase: Phase, c: Circumstances): Connection {
  const { unsent, sending, code, parameters, route, fallback, rttMs } = c;
  switch (phase) {
    case "ended":
      return { kind: "ended", code, parameters, unsent };
    case "synced":
      return { kind: "synced", route, fallback, rttMs, unsent, sending };
    case "resting":
    case "dialing":
      if (!c.online) return { kind: "offline", unsent, begun: c.everSynced };
      break;
    case "joining":
    case "catching-up":
      break;
  }
  return { kind: c.everSynced ? "reconnecting" : "connecting", unsent, code, parameters };
}

export function sameConnection(a: Connection, b: Connection): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
