// Puts texts into the browser's clipboard. The copy event takes any type, asks for no permission and works on pages that
// are no secure context; where a browser does not send it, the clipboard API takes what it knows.

/** Types with their texts. element: of the page. */
export function copyTexts(element: HTMLElement, texts: Readonly<Record<string, string>>): void {
  const page = element.ownerDocument;
  let copied = false;
  const fill = (e: ClipboardEvent): void => {
    if (e.clipboardData === null) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    for (const [type, text] of Object.entries(texts)) e.clipboardData.setData(type, text);
    copied = true;
  };
  page.addEventListener("copy", fill, { capture: true });
  try {
    page.execCommand("copy");
  } finally {
    page.removeEventListener("copy", fill, { capture: true });
  }
  if (!copied) void writeKnown(texts);
}

const KNOWN = ["text/plain", "text/html"];

async function writeKnown(texts: Readonly<Record<string, string>>): Promise<void> {
  const known = Object.entries(texts).filter(([type]) => KNOWN.includes(type));
  try {
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(known.map(([type, text]) => [type, new Blob([text], { type })])))]);
  } catch {
    // No permission, or no secure context: what was copied stays what it was.
  }
}
