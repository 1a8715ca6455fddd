/** Commands that a document shows, with what it says they print. */

export interface Step {
  readonly command: string;
  /** Runs on, as a replica does, while the next are typed. */
  readonly isBackground: boolean;
  /** Texts that its output holds. */
  readonly expected: readonly string[];
}

const MARK = /<!-- test: walkthrough -->\s*```sh\n([\s\S]*?)```/g;
const EXPECTED = /^# => (.*)$/;

/**
 * The steps of all fenced `sh` blocks that stand right behind `<!-- test: walkthrough -->`, in order. A line that ends in
 * a backslash goes on in the next one; `&` at the end puts a command in the background; other comments are for people.
 */
export function stepsOf(markdown: string): readonly Step[] {
  const steps: { command: string; isBackground: boolean; expected: string[] }[] = [];
  for (const [, block = ""] of markdown.matchAll(MARK)) {
    for (const line of block.replaceAll("\\\n", " ").split("\n")) {
      const text = line.trim();
      const expected = EXPECTED.exec(text)?.[1];
      if (expected !== undefined) {
        const last = steps.at(-1);
        if (last === undefined) throw new Error(`nothing was run that could print ${expected}`);
        last.expected.push(expected);
      } else if (text !== "" && !text.startsWith("#")) {
        const isBackground = text.endsWith("&");
        steps.push({ command: isBackground ? text.slice(0, -1).trim() : text, isBackground, expected: [] });
      }
    }
  }
  return steps;
}

const PORT = /\b74\d\d\b/g;

/** The ports that the steps name, the usual ones of a replica. */
export function portsIn(steps: readonly Step[]): readonly number[] {
  return [...new Set(steps.flatMap(({ command }) => [...command.matchAll(PORT)].map(Number)))];
}

/** The command with other ports in place of those it names. */
export function withPorts(command: string, ports: ReadonlyMap<number, number>): string {
  return command.replaceAll(PORT, (port) => String(ports.get(Number(port)) ?? port));
}
