/** The replicas of a script, by name and by region. */

import { ScriptError } from "./script-error.ts";

/** The name of a replica ("tokyo-1"), or of a region for all of its replicas, or several of them. */
export type Place = string | readonly string[];

export class Cluster {
  /** In the order of the script: `frankfurt-1`, `frankfurt-2`, `tokyo-1`, ... */
  readonly names: readonly string[];
  readonly #regions: readonly string[];

  constructor(countsByRegion: Readonly<Record<string, number>>) {
    const members = Object.entries(countsByRegion).flatMap(([region, count]) =>
      Array.from({ length: count }, (_, i) => ({ region, name: `${region}-${i + 1}` })),
    );
    this.names = members.map(({ name }) => name);
    this.#regions = members.map(({ region }) => region);
  }

  /** Their indices in a plan. Throws `ScriptError` for a name that is neither. */
  nodesAt(place: Place, what: string): readonly number[] {
    const wanted = typeof place === "string" ? [place] : place;
    const nodes = wanted.flatMap((name) => {
      const found = this.names.flatMap((_, i) => (this.names[i] === name || this.#regions[i] === name ? [i] : []));
      if (found.length > 0) return found;
      throw new ScriptError(
        `${what}: no replica or region ${JSON.stringify(name)}; there are ${this.names.join(", ")}`,
      );
    });
    return [...new Set(nodes)];
  }

  nodeAt(replica: string, what: string): number {
    const node = this.names.indexOf(replica);
    if (node !== -1) return node;
    throw new ScriptError(`${what}: no replica ${JSON.stringify(replica)}; there are ${this.names.join(", ")}`);
  }
}
