import { language } from "./settings.ts";
import { en, format, zh } from "./texts.ts";
import type { Parameters, TextKey } from "./texts.ts";

/** The text in the language chosen. A component that calls it follows a change of language. */
export const t = (key: TextKey, parameters?: Parameters): string =>
  format((language.value === "en" ? en : zh)[key], parameters);
