/** How far something has got, as a line of text. */

const WIDTH = 24;

/** `share`: 0 to 1. */
export function progressBar(share: number): string {
  const within = Math.min(1, Math.max(0, share));
  const full = Math.floor(within * WIDTH);
  return `[${"#".repeat(full)}${".".repeat(WIDTH - full)}] ${String(Math.floor(within * 100)).padStart(3)}%`;
}

export interface Progress {
  readonly name: string;
  /** 0 to 1. */
  readonly share: number;
  /** In words; what is empty is left out. */
  readonly facts: readonly string[];
}

export function formatProgress({ name, share, facts }: Progress): string {
  return [`${name} ${progressBar(share)}`, ...facts.filter((fact) => fact !== "")].join("  ");
}
