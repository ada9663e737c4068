// Failures in the page's words.
import { CodeError, retryOf } from "../protocol/codes.ts";
import type { MediaFault } from "./api.ts";

/** The browser encodes no H.264. */
export class NoH264 extends Error {
  override name = "NoH264";
}

/** No connection for media came about, or the one there was broke. */
export class NoRoute extends Error {
  override name = "NoRoute";
}

/** Of what getUserMedia and getDisplayMedia reject with (W3C mediacapture-main, 10.3). */
export function captureFault(error: unknown, secure: boolean): MediaFault {
  if (!secure) return { kind: "insecure" };
  const { name, message } = error instanceof Error ? error : { name: "", message: "" };
  switch (name) {
    case "NotFoundError":
    case "OverconstrainedError":
      return { kind: "no-device" };
    case "NotReadableError":
    case "AbortError":
      return { kind: "in-use" };
    default:
      // Only what Chromium says tells the system's no from the person's.
      return { kind: message === "Permission denied by system" ? "by-system" : "not-allowed" };
  }
}

/** Of what came of an offer, and whether trying it again makes sense. */
export function linkFault(error: unknown): { readonly fault: MediaFault; readonly final: boolean } {
  if (error instanceof NoH264) return { fault: { kind: "no-h264" }, final: true };
  if (!(error instanceof CodeError) || error.code === 0) return { fault: { kind: "no-route" }, final: false };
  const { code, parameters } = error;
  return { fault: { kind: "refused", code, parameters }, final: retryOf(code) === "never" };
}
