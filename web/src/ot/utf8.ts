// Text in UTF-8 and back.
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Uint8Array => ENCODER.encode(text);

/** The text that well-formed UTF-8 stands for; undefined for anything else. */
export function fromUTF8(bytes: Uint8Array): string | undefined {
  try {
    return DECODER.decode(bytes);
  } catch {
    return undefined;
  }
}
