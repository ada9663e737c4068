import type { JSX } from "preact";
import { t } from "./i18n.ts";
import { Segments } from "./segments.tsx";
import { language } from "./settings.ts";
import { en, zh } from "./texts.ts";

export const LanguageSwitch = (): JSX.Element => (
  <Segments label={t("language.label")} value={language.value} onChange={(value) => (language.value = value)}
    options={[{ value: "zh-CN", label: zh["language.name"] }, { value: "en", label: en["language.name"] }]} />
);
