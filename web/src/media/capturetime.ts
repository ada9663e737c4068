// Sound whose packets say when they were captured (MED8): abs-capture-time, where the browser has it (Chromium). What is
// played says it by captureTimestamp (W3C webrtc-extensions), to viewers in room time.

const URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
/** From NTP's epoch to that of room time, ms. */
const NTP_MS = 2_208_988_800_000;

interface Negotiable {
  getHeaderExtensionsToNegotiate?(): { readonly uri: string; direction: RTCRtpTransceiverDirection }[];
  setHeaderExtensionsToNegotiate?(all: readonly { readonly uri: string; readonly direction: RTCRtpTransceiverDirection }[]): void;
}

/** Offers it; to be called before the offer is made. */
export function offerCaptureTime(transceiver: RTCRtpTransceiver & Negotiable): void {
  const all = transceiver.getHeaderExtensionsToNegotiate?.();
  for (const extension of all ?? []) if (extension.uri === URI) extension.direction = "sendrecv";
  if (all !== undefined) transceiver.setHeaderExtensionsToNegotiate?.(all);
}

/** When what is played was captured, µs room time; undefined: nothing says it. */
export function capturedAt({ captureTimestamp }: RTCRtpSynchronizationSource & { readonly captureTimestamp?: number }): number | undefined {
  return captureTimestamp === undefined ? undefined : (captureTimestamp - NTP_MS) * 1000;
}
