import { signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Observable } from "../sync/api.ts";

/** An Observable as a signal, followed while the component is there. */
export function useObservable<T>(observable: Observable<T>): ReadonlySignal<T> {
  const value = useMemo(() => signal(observable.value), [observable]);
  useEffect(() => observable.subscribe((next) => (value.value = next)), [observable, value]);
  return value;
}
