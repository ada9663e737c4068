// What is published in the room (MED1, MED2), as the page sees it.
import { SourceKind as WireKind, type Source, type Sources } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import type { MediaSource, SourceKind } from "./api.ts";

function kindOf(kind: WireKind): SourceKind | undefined {
  switch (kind) {
    case WireKind.CAMERA:
      return "camera";
    case WireKind.SCREEN:
      return "screen";
    case WireKind.STREAM:
      return "stream";
    default:
      return undefined; // of a newer server
  }
}

function sourceOf({ number, participant, kind: wire, video, audio, paused, wanted, timed, muted, hidden, webrtc, live }: Source): MediaSource[] {
  const kind = kindOf(wire);
  return kind === undefined ? [] : [{ number, participant, kind, video, audio, paused, wanted, timed, muted, hidden, webrtc, live }];
}

/** The sources of a message, by number; those of a kind that is not known here are left out. */
export function sourcesOf(message: Sources | undefined): readonly MediaSource[] {
  return (message?.sources ?? []).flatMap(sourceOf).sort((a, b) => a.number - b.number);
}
