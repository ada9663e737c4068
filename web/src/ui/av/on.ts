import { useObservable } from "../observe.ts";
import type { RoomState } from "../roomstate.ts";

/** Whether the others see and hear one, followed while the component is there. */
export function useOn({ av }: RoomState): { readonly video: boolean; readonly audio: boolean } {
  for (const changing of [av.session.sources, av.media.camera.video, av.media.camera.audio]) useObservable<unknown>(changing).value;
  return av.own.on;
}
