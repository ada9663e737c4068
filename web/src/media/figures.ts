// What a connection's statistics say (W3C webrtc-stats). Pure.
import type { Figures } from "./api.ts";

type Report = Iterable<[string, unknown]>;
type Stats = Readonly<Record<string, unknown>>;

export type LinkFigures = Omit<Figures, "source" | "direction" | "player" | "delay">;

export const NO_FIGURES: LinkFigures = {
  rtt: undefined, buffer: undefined, jitterTarget: undefined, loss: undefined, bitrate: undefined, frames: undefined,
  width: undefined, height: undefined, transport: undefined, stamped: undefined, missed: undefined,
};

const numberOf = (stats: Stats | undefined, name: string): number | undefined => {
  const value = stats?.[name];
  return typeof value === "number" ? value : undefined;
};

/** What only grows while a connection lasts; lost packets become fewer where one comes twice. */
const COUNTED = ["bytes", "received", "freezes", "delay", "emitted"] as const;

/** Bytes, packets and freezes between two looks at a connection. */
export class LinkMeter {
  private before: { at: number; bytes: number; received: number; lost: number; again: number; freezes: number; delay: number; emitted: number } | undefined;
  /** kbit/s, 0 … 1, ms; of the time between the last two looks. */
  bitrate: number | undefined;
  loss: number | undefined;
  buffer: number | undefined;

  /**
   * Of the receiving side; looks within half a second of the last one change nothing, and the first one of a connection,
   * which counts from nothing, has none to be compared with.
   */
  sample(report: Report): { loss: number; freezes: number } | undefined {
    const all = statsOf(report, "inbound-rtp");
    if (all.length === 0) return undefined;
    const sum = (name: string): number => all.reduce((total, stats) => total + (numberOf(stats, name) ?? 0), 0);
    const video = all.find((stats) => stats["kind"] === "video");
    // RTX is a stream of its own (RFC 4588): what comes by it came besides, some of it unasked, and counts as lost all the same.
    const beside = all.reduce((total, stats) => total + (stats["rtxSsrc"] === undefined ? 0 : (numberOf(stats, "retransmittedPacketsReceived") ?? 0)), 0);
    const now = {
      at: numberOf(all[0], "timestamp") ?? 0, bytes: sum("bytesReceived"), received: sum("packetsReceived") - beside,
      lost: sum("packetsLost"), again: sum("retransmittedPacketsReceived") - beside, freezes: sum("freezeCount"),
      delay: numberOf(video ?? all[0], "jitterBufferDelay") ?? 0, emitted: numberOf(video ?? all[0], "jitterBufferEmittedCount") ?? 0,
    };
    const { before } = this;
    if (before !== undefined && now.at - before.at < 500) return undefined;
    this.before = now;
    if (before === undefined || COUNTED.some((name) => now[name] < before[name])) return undefined;
    // What was lost and came again in the same stream was late all the same, and does not count as lost.
    const lost = Math.max(0, now.lost - before.lost, now.again - before.again), received = now.received - before.received;
    this.bitrate = ((now.bytes - before.bytes) * 8) / (now.at - before.at);
    this.loss = received + lost === 0 ? 0 : Math.min(1, lost / (received + lost));
    this.buffer = now.emitted > before.emitted ? ((now.delay - before.delay) * 1000) / (now.emitted - before.emitted) : this.buffer;
    return { loss: this.loss, freezes: now.freezes - before.freezes };
  }
}

export function inboundFigures(report: Report, meter: LinkMeter): LinkFigures {
  const all = [...report];
  meter.sample(all);
  const video = statsOf(all, "inbound-rtp").find((stats) => stats["kind"] === "video");
  return { ...NO_FIGURES, ...pathFigures(all), ...pictureFigures(video), loss: meter.loss, bitrate: meter.bitrate, buffer: meter.buffer };
}

/** Of the sending side; bytes: those of the look before. */
export function outboundFigures(report: Report, before: { at: number; bytes: number } | undefined): { figures: LinkFigures; now: { at: number; bytes: number } } {
  const all = [...report];
  const out = statsOf(all, "outbound-rtp");
  const now = {
    at: numberOf(out[0], "timestamp") ?? 0,
    bytes: out.reduce((total, stats) => total + (numberOf(stats, "bytesSent") ?? 0), 0),
  };
  const bitrate = before !== undefined && now.at > before.at && now.bytes >= before.bytes ? ((now.bytes - before.bytes) * 8) / (now.at - before.at) : undefined;
  const largest = out.filter((stats) => stats["kind"] === "video").sort((a, b) => (numberOf(b, "frameHeight") ?? 0) - (numberOf(a, "frameHeight") ?? 0))[0];
  const losses = statsOf(all, "remote-inbound-rtp").map((stats) => numberOf(stats, "fractionLost") ?? 0);
  const loss = losses.length === 0 ? undefined : Math.max(...losses);
  return { figures: { ...NO_FIGURES, ...pathFigures(all), ...pictureFigures(largest), loss, bitrate }, now };
}

function pictureFigures(video: Stats | undefined): Pick<LinkFigures, "frames" | "width" | "height"> {
  return { frames: numberOf(video, "framesPerSecond"), width: numberOf(video, "frameWidth"), height: numberOf(video, "frameHeight") };
}

/** The pair of candidates in use. */
function pathFigures(report: Report): Pick<LinkFigures, "rtt" | "transport"> {
  const all = [...report];
  const pair = statsOf(all, "candidate-pair").find((stats) => stats["nominated"] === true && stats["state"] === "succeeded");
  const local = statsOf(all, "local-candidate").find((stats) => stats["id"] === pair?.["localCandidateId"]);
  const seconds = numberOf(pair, "currentRoundTripTime");
  const transport = local?.["candidateType"] === "relay" ? "relay" : local?.["protocol"];
  return { rtt: seconds === undefined ? undefined : seconds * 1000, transport: typeof transport === "string" ? transport : undefined };
}

function statsOf(report: Report, type: string): Stats[] {
  const found: Stats[] = [];
  for (const [, stats] of report) if ((stats as Stats)["type"] === type) found.push(stats as Stats);
  return found;
}
