// A PDF (ISO 32000-1) of pictures, each a page. The page draws only what it has: the server's PDF is of outlines.
import type { Sheet } from "../board/index.ts";

/** Points of a px of the board: 1/96 inch in 1/72. */
const POINT = 0.75;

/** Writes the sheets, which are at least one, into one document. */
export function pdfOf(sheets: readonly Sheet[]): Blob {
  const file = new ObjectFile();
  const catalog = 1, pages = 2;
  const page = (i: number): number => 3 + 3 * i; // and behind it its content and its picture
  file.object(catalog, `<< /Type /Catalog /Pages ${pages} 0 R >>`);
  file.object(pages, `<< /Type /Pages /Count ${sheets.length} /Kids [${sheets.map((_, i) => `${page(i)} 0 R`).join(" ")}] >>`);
  sheets.forEach(({ jpeg, width, height, scale }, i) => {
    const own = page(i), content = own + 1, picture = own + 2;
    const w = ((width / scale) * POINT).toFixed(2), h = ((height / scale) * POINT).toFixed(2);
    file.object(own, `<< /Type /Page /Parent ${pages} 0 R /MediaBox [0 0 ${w} ${h}] /Contents ${content} 0 R ` +
      `/Resources << /XObject << /P ${picture} 0 R >> >> >>`);
    file.object(content, "<<", new Blob([`${w} 0 0 ${h} 0 0 cm /P Do`]));
    file.object(picture, `<< /Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode`, jpeg);
  });
  return file.end(catalog);
}

/** Objects one after the other, and where each begins. */
class ObjectFile {
  private readonly parts: Blob[] = [new Blob(["%PDF-1.4\n%", new Uint8Array([0xe2, 0xe3, 0xcf, 0xd3]), "\n"])];
  private readonly begins: number[] = [];

  /** A stream's dictionary is left open: its length is the data's. Objects come in the order of their numbers, from 1. */
  object(n: number, dictionary: string, data?: Blob): void {
    this.begins.push(this.size);
    this.add(`${n} 0 obj\n`, data === undefined ? dictionary : `${dictionary} /Length ${data.size} >>\nstream\n`);
    if (data !== undefined) this.add(data, "\nendstream");
    this.add("\nendobj\n");
  }

  end(root: number): Blob {
    const start = this.size, size = this.begins.length + 1;
    const entries = this.begins.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`);
    this.add(`xref\n0 ${size}\n0000000000 65535 f \n`, ...entries, `trailer\n<< /Size ${size} /Root ${root} 0 R >>\nstartxref\n${start}\n%%EOF\n`);
    return new Blob(this.parts, { type: "application/pdf" });
  }

  private get size(): number {
    return this.parts.reduce((sum, part) => sum + part.size, 0);
  }

  private add(...parts: (string | Blob)[]): void {
    this.parts.push(new Blob(parts));
  }
}
