/** What it is to plant a bug: a few lines of the source, exchanged for what a tired engineer might have written. */

export interface Patch {
  /** Under `src/`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface PlantedBug {
  /** Unique, in words joined by dashes. */
  readonly name: string;
  /** The rule of ARCHITECTURE.md that is broken, the kv679 scenario, or `-`. */
  readonly rule: string;
  /** What was broken, in a sentence. */
  readonly broken: string;
  /** All of them at once: where one mechanism masks another, both are broken. */
  readonly patches: readonly Patch[];
  /** The scenario or drill that has to find it, and within how many seeds. */
  readonly scenario: string;
  readonly seedsMax: number;
  /** Meant to see it: it counts as found once one of these does. */
  readonly checkers: readonly string[];
}
