/** What commands write: results to stdout, everything about them to stderr. */

import { once } from "node:events";

/** Writes a result, and waits while its reader is slower than we are. */
export async function write(content: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(content)) await once(process.stdout, "drain");
}

export function print(line: string): Promise<void> {
  return write(`${line}\n`);
}

/** One line about what is going on, or went wrong. Text from elsewhere cannot steer the terminal or add lines. */
export function say(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** The text with control characters made visible: it may come from a key, a value or another machine. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
