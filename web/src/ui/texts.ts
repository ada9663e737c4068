// Every text of the page, in Chinese and in English. {name} stands for a parameter, {n|one|many} for a word by number.
import { zh } from "./texts.zh.ts";
import type { TextKey } from "./texts.zh.ts";

export { en } from "./texts.en.ts";
export { zh };
export type { TextKey };

export type Parameters = Readonly<Record<string, string | number>>;

/** Fills a text's places. */
export function format(text: string, parameters: Parameters = {}): string {
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = parameters[name];
    if (value === undefined) return whole;
    if (one === undefined || many === undefined) return String(value);
    return Number(value) === 1 ? one : many;
  });
}

/** The text for an error code and for the limit that its parameters name; every code has one. */
export function errorKey(code: number, { limit }: Parameters = {}): TextKey {
  const keys = [`error.${code}.${limit}`, `error.${code}`];
  return (keys.find((key) => key in zh) as TextKey | undefined) ?? "error.0";
}
