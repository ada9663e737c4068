/** Browsers read the file after the click: its address must live a while, ms. */
const LIFE_MS = 10_000;

/** Hands a file to the person, as a download. */
export function saveFile(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), LIFE_MS);
}

/** A name that every file system takes; of a title, what is left of it. */
export const fileName = (title: string, ending: string): string =>
  `${title.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, " ").trim().slice(0, 80) || "chalkline"}.${ending}`;
