// Who this device is: a token from the server, kept so that a reload is the same participant and delivers what it left.
import { CodeError, failureOf } from "../sync/index.ts";
import { MAX_ROOM, roomCode } from "../sync/names.ts";

/** Where tokens for any room are kept. */
const ANY = "chalkline.token";

/** One that is only for a room stands in no other room's way. */
const slotOf = (room: bigint | undefined): string => (room === undefined ? ANY : `${ANY}.${roomCode(room)}`);

/** By slot, what could not be stored: there for as long as the page is. It is newer than what is stored. */
const held = new Map<string, string>();

function keptIn(slot: string): string | undefined {
  try {
    return held.get(slot) ?? localStorage.getItem(slot) ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(slot: string, token: string): void {
  try {
    localStorage.setItem(slot, token);
    held.delete(slot);
  } catch {
    held.set(slot, token);
  }
}

/**
 * Takes the token that a school's system has put behind the link (`#token=…`, docs/deploy.md) out of the address, so that
 * nobody is given it with the link. Returns what the person is called from now on; undefined: there is no token. It is the
 * name that the token says; if it says none, `called`, the name until now, for the same person, and "" for another.
 */
export function takeToken(called: string): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null || token === "") return undefined;
  history.replaceState(history.state, "", location.pathname + location.search);
  const { sub, name, room } = claimsOf(token);
  const slot = slotOf(room);
  const samePerson = sub !== "" && claimsOf(keptIn(slot) ?? "").sub === sub;
  keep(slot, token);
  return name === "" && samePerson ? called : name;
}

/** What a JSON Web Token (RFC 7519) says, which the server alone can check. */
interface Claims {
  /** Who, "" if it does not say. */
  readonly sub: string;
  /** "" if it says none, or one that is too long. */
  readonly name: string;
  /** The only room it is for. */
  readonly room: bigint | undefined;
}

/** Bytes of UTF-8. */
const MAX_NAME = 64;

/** Takes anything: what cannot be read says nothing. */
function claimsOf(token: string): Claims {
  const { sub, name, room } = payloadOf(token);
  const called = typeof name === "string" ? name.trim() : "";
  return {
    sub: typeof sub === "string" ? sub : "",
    name: new TextEncoder().encode(called).length > MAX_NAME ? "" : called,
    room: typeof room === "number" && Number.isInteger(room) && room >= 1 && room <= Number(MAX_ROOM) ? BigInt(room) : undefined,
  };
}

function payloadOf(token: string): { readonly [claim in keyof Claims]?: unknown } {
  try {
    const payload = atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    const claims: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(payload, (c) => c.charCodeAt(0))));
    return typeof claims === "object" && claims !== null ? claims : {};
  } catch {
    return {};
  }
}

/**
 * The token kept for the room, else the one for any room, else a new one. Without a room: to create one. Rejects with a
 * CodeError: why the server gives none; 0: it was not reached.
 */
export async function tokenFor(name: string, room?: bigint): Promise<string> {
  const kept = keptIn(slotOf(room)) ?? keptIn(ANY);
  if (kept !== undefined) return kept;
  const token = await newToken(name);
  keep(ANY, token);
  return token;
}

/** The server does not take the token any more. A newer one, of another tab perhaps, stays. */
export function forgetToken(token: string): void {
  for (const slot of new Set([ANY, slotOf(claimsOf(token).room)])) {
    if (held.get(slot) === token) held.delete(slot);
    try {
      if (localStorage.getItem(slot) === token) localStorage.removeItem(slot);
    } catch {
      continue;
    }
  }
}

async function newToken(name: string): Promise<string> {
  const response = await fetch("/api/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  }).catch(() => undefined);
  if (response === undefined) throw new CodeError(0);
  if (!response.ok) throw await failureOf(response);
  const answer: unknown = await response.json().catch(() => undefined);
  if (typeof answer !== "object" || answer === null || !("token" in answer) || typeof answer.token !== "string") throw new CodeError(0);
  return answer.token;
}
