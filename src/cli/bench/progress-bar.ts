/** How far something has got, in a line. */

const LENGTH = 24;

export interface Progress {
  readonly name: string;
  /** 0 to 1. */
  readonly share: number;
  /** In words; what is empty is left out. */
  readonly facts: readonly string[];
}

export function formatProgress({ name, share, facts }: Progress): string {
  const done = Math.min(1, Math.max(0, share));
  const filled = Math.floor(done * LENGTH);
  const bar = `[${"#".repeat(filled)}${"-".repeat(LENGTH - filled)}]`;
  return [`${name} ${bar} ${Math.floor(done * 100)}%`, ...facts.filter((fact) => fact !== "")].join("  ");
}
