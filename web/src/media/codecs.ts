// H.264 first and only (MED7): Chromium would take VP8. Pure.
import { NoH264 } from "./faults.ts";

/** H.264 with packetization mode 1 before 0, and retransmission. Throws NoH264. */
export function h264Of(codecs: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  const named = (name: string): RTCRtpCodec[] => codecs.filter((codec) => codec.mimeType.toLowerCase() === `video/${name}`);
  const h264 = named("h264");
  if (h264.length === 0) throw new NoH264("no H.264");
  const whole = (codec: RTCRtpCodec): number => (/packetization-mode=1/.test(codec.sdpFmtpLine ?? "") ? 0 : 1);
  return [...h264.sort((a, b) => whole(a) - whole(b)), ...named("rtx")];
}

/** The two qualities of a camera: sub is a quarter of the height of 720 lines, and less of less. */
export function cameraEncodings(height: number | undefined): RTCRtpEncodingParameters[] {
  const scale = Math.max(1, Math.min(4, (height ?? 720) / 180));
  return [
    { rid: "sub", scaleResolutionDownBy: scale, maxBitrate: 200_000 },
    { rid: "main", scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
  ];
}

/** A screen has one quality: its letters are to be read. */
export const screenEncodings: RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000 }];
