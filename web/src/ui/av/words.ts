// What faults of media and the state of the alignment are called: what it is, and what it means or what to do.
import type { Alignment, MediaFault, Publisher } from "../../media/api.ts";
import type { MediaSource } from "../../sync/api.ts";
import { Code } from "../../sync/index.ts";
import type { Tone } from "../connectionwords.ts";
import { errorKey } from "../texts.ts";
import type { Parameters, TextKey } from "../texts.ts";

export interface FaultWords {
  readonly text: TextKey;
  /** What to do. */
  readonly help: TextKey;
  /** Of the protocol, 0: none. */
  readonly code: number;
}

/** of: what could not be published; of what is played it makes no difference. */
export function faultWords(fault: MediaFault, of: Publisher["kind"] = "camera"): FaultWords {
  switch (fault.kind) {
    case "refused":
      if (fault.code === Code.TakenOver) return { text: "fault.taken-over", help: "fault.taken-over.do", code: fault.code };
      return { text: "fault.refused", help: errorKey(fault.code), code: fault.code };
    case "by-system":
      return of === "screen"
        ? { text: "fault.screen.by-system", help: "fault.screen.by-system.do", code: 0 }
        : { text: "fault.by-system", help: "fault.by-system.do", code: 0 };
    case "no-device":
    case "in-use":
      if (of === "screen") return { text: "fault.screen", help: "fault.screen.do", code: 0 };
      return { text: `fault.${fault.kind}`, help: `fault.${fault.kind}.do`, code: 0 };
    case "not-allowed":
    case "insecure":
    case "no-h264":
    case "no-route":
      return { text: `fault.${fault.kind}`, help: `fault.${fault.kind}.do`, code: 0 };
  }
}

export interface AlignmentWords {
  readonly text: TextKey;
  readonly parameters: Parameters;
  readonly help: TextKey;
  readonly tone: Tone;
}

/** From here on a delay is said in seconds, ms. */
const LONG = 2000;

const seconds = (ms: number): number => Math.round(ms / 1000);

/** delay: of the media behind now when it was last known, ms. */
export function alignmentWords(alignment: Alignment, delay: number): AlignmentWords {
  switch (alignment.kind) {
    case "none":
      return { text: "alignment.none", parameters: {}, help: "alignment.help.none", tone: "busy" };
    case "no-media":
      return { text: "alignment.no-media", parameters: {}, help: "alignment.help.no-media", tone: "busy" };
    case "starting":
      return { text: "alignment.starting", parameters: {}, help: "alignment.help.starting", tone: "busy" };
    case "off":
      return offWords(alignment.reason, delay);
    case "aligned":
      return alignedWords(alignment);
  }
}

function offWords(reason: "chosen" | "writing", delay: number): AlignmentWords {
  if (reason === "chosen") return { text: "alignment.off", parameters: {}, help: "alignment.help.off", tone: "busy" };
  const s = seconds(delay);
  return { text: s > 0 ? "alignment.writing" : "alignment.writing.plain", parameters: { s }, help: "alignment.help.writing", tone: "busy" };
}

function alignedWords({ by, delay, calibrated }: Extract<Alignment, { kind: "aligned" }>): AlignmentWords {
  const parameters = { ms: Math.round(delay), s: seconds(delay) };
  if (!calibrated) return { text: "alignment.uncalibrated", parameters, help: "alignment.help.uncalibrated", tone: "busy" };
  const text = delay >= LONG ? "alignment.behind" : by === "sound" ? "alignment.sound" : "alignment.aligned";
  return { text, parameters, help: "alignment.help.aligned", tone: "good" };
}

/** What of a source is not as one would expect; undefined: it plays. The first that holds is said. */
export function sourceNote(source: MediaSource, state: string | undefined): TextKey | undefined {
  if (!source.video && !source.audio) return "tile.away";
  if (source.hidden) return "tile.hidden";
  if (state === "paused") return "tile.paused";
  if (source.paused && source.wanted) return "tile.sending";
  if (state === "starting") return "tile.starting";
  if (state === "stalled") return "tile.stalled";
  return undefined;
}
