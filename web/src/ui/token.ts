// Who this device is: a token from the server, kept so that a reload is the same participant and delivers what it left.
import { CodeError, failureOf } from "../sync/index.ts";

const NAME = "chalkline.token";

function storedToken(): string | undefined {
  try {
    return localStorage.getItem(NAME) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The token kept, or a new one. Rejects with a CodeError: why the server gives none; 0: it was not reached. */
export async function tokenFor(name: string): Promise<string> {
  const kept = storedToken();
  if (kept !== undefined) return kept;
  const token = await newToken(name);
  try {
    localStorage.setItem(NAME, token);
  } catch {
    // Nothing can be kept here: another participant after a reload.
  }
  return token;
}

/** The server does not take the token any more. */
export function forgetToken(): void {
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
