/** Commands that a document shows, with what it says they print. */

const MARK = /<!-- test: walkthrough -->\s*```sh\n([\s\S]*?)```/g;
const EXPECTED = /^# => (.*)$/;

/** What somebody pastes: all fenced `sh` blocks that stand right behind `<!-- test: walkthrough -->`, in order. */
export function pasteOf(markdown: string): string {
  return [...markdown.matchAll(MARK)].map(([, block = ""]) => block).join("");
}

const PORT = /\b74\d\d\b/g;

/** The ports that a text names, the usual ones of a replica. */
export function portsIn(paste: string): readonly number[] {
  return [...new Set([...paste.matchAll(PORT)].map(Number))];
}

/** The text with other ports in place of those it names. */
export function withPorts(paste: string, ports: ReadonlyMap<number, number>): string {
  return paste.replaceAll(PORT, (port) => String(ports.get(Number(port)) ?? port));
}

export interface Shown {
  readonly command: string;
  readonly output: string;
  /** Texts that the output is to hold: those of the `# => ` lines behind the command. */
  readonly expected: readonly string[];
}

/**
 * Divides what a shell printed that repeats each line before it runs it (`bash -v`). Output of the background stands
 * where it came.
 */
export function shownBy(paste: string, transcript: string): readonly Shown[] {
  const shown: { command: string; output: string; expected: string[] }[] = [];
  let rest = transcript;
  for (const line of paste.split("\n").filter((each) => each !== "")) {
    const at = rest.indexOf(`${line}\n`);
    if (at < 0) throw new Error(`the shell never came to: ${line}`);
    const last = shown.at(-1);
    if (last !== undefined) last.output += rest.slice(0, at);
    rest = rest.slice(at + line.length + 1);
    const expected = EXPECTED.exec(line)?.[1];
    if (expected !== undefined) last?.expected.push(expected);
    else if (!line.startsWith("#")) shown.push({ command: line, output: "", expected: [] });
  }
  const last = shown.at(-1);
  if (last !== undefined) last.output += rest;
  return shown;
}
