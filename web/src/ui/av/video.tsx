import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface StreamVideoProps {
  readonly stream: MediaStream;
  readonly label: string;
  /** As in a mirror: one's own camera. */
  readonly mirrored?: boolean;
}

/** Shows what plays in a place until the function returned is called, or another place takes it. */
export function put(element: HTMLVideoElement, place: HTMLElement | null): () => void {
  place?.append(element);
  return () => {
    if (element.parentElement === place) element.remove();
  };
}

/** Shows a stream of this page without its sound. */
export function StreamVideo({ stream, label, mirrored = false }: StreamVideoProps): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = stream;
  }, [stream]);
  return <video ref={video} class={mirrored ? "mirrored" : ""} autoplay muted playsInline aria-label={label} />;
}
