/**
 * HTML that cannot be broken out of: every value put into a template is escaped, unless it is markup itself. Keys and
 * messages of a run are hostile; what does not print is shown as its code.
 */

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Absent values come to nothing, lists to one after the other. */
type Value = string | number | Markup | undefined | readonly Value[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Control characters except line breaks, and those that turn the direction of text or take no room. */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff]|\p{Cs}/gu;

export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const parts = values.map((value, i) => render(value) + (strings[i + 1] ?? ""));
  return new Markup((strings[0] ?? "") + parts.join(""));
}

function render(value: Value): string {
  if (value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? escapeText(value) : value.map(render).join("");
}

/** Good between tags and inside quoted attributes. */
export function escapeText(text: string): string {
  const printable = text.replace(UNPRINTABLE, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
  return printable.replace(/[&<>"']/g, (found) => ENTITIES[found] ?? "");
}

/** Data for the page's own script, as the content of a `<script>` element that is not run. */
export function jsonForScript(data: unknown): Markup {
  return new Markup(JSON.stringify(data).replace(/[<>&\u2028\u2029]/g, escapeInJson));
}

function escapeInJson(found: string): string {
  return `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
