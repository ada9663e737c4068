// Who this device is: a token from the server, kept so that a reload is the same participant and delivers what it left.
import { CodeError, failureOf } from "../sync/index.ts";

const NAME = "chalkline.token";

/** Where nothing can be stored: for as long as the page is there. */
let held: string | undefined;

function storedToken(): string | undefined {
  try {
    return localStorage.getItem(NAME) ?? held;
  } catch {
    return held;
  }
}

function store(token: string): void {
  held = token;
  try {
    localStorage.setItem(NAME, token);
  } catch {
    // Another participant after a reload.
  }
}

/**
 * Takes the token that a school's system has put behind the link (`#token=…`, docs/deploy.md) out of the address, so that
 * nobody is given it with the link. Returns the name that it says, "" if it says none.
 */
export function takeToken(): string {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null || token === "") return "";
  history.replaceState(history.state, "", location.pathname + location.search);
  store(token);
  return nameIn(token);
}

/** Bytes of UTF-8. */
const MAX_NAME = 64;

/** The claim of a JSON Web Token (RFC 7519), which the server alone can check. */
function nameIn(token: string): string {
  try {
    const payload = atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    const claims: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(payload, (c) => c.charCodeAt(0))));
    const name = typeof claims === "object" && claims !== null && "name" in claims && typeof claims.name === "string" ? claims.name.trim() : "";
    return new TextEncoder().encode(name).length > MAX_NAME ? "" : name;
  } catch {
    return "";
  }
}

/** The token kept, or a new one. Rejects with a CodeError: why the server gives none; 0: it was not reached. */
export async function tokenFor(name: string): Promise<string> {
  const kept = storedToken();
  if (kept !== undefined) return kept;
  const token = await newToken(name);
  store(token);
  return token;
}

/** The server does not take the token any more. */
export function forgetToken(): void {
  held = undefined;
  try {
    localStorage.removeItem(NAME);
  } catch {
    return;
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
