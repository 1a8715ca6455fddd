/**
 * The placements of all policies in the present view: worked out when first asked for, and again when the view changes.
 */

import { latin1FromBytes } from "../../base/bytes.ts";
import { isSameDigest } from "../../core/digest.ts";
import { Placement } from "./placement.ts";
import { createPlacementView, type PlacementView } from "./placement-view.ts";
import type { Policy } from "./policy.ts";
import { encodePolicy } from "./policy-codec.ts";

export class Placements {
  readonly parts: number;
  #view: PlacementView = createPlacementView([]);
  readonly #placements = new Map<string, Placement>();

  /** `parts` of every space. */
  constructor(parts: number) {
    this.parts = parts;
  }

  get view(): PlacementView {
    return this.#view;
  }

  /** True where the view is another one than it was. */
  setView(view: PlacementView): boolean {
    if (isSameDigest(view.digest, this.#view.digest)) return false;
    this.#view = view;
    this.#placements.clear();
    return true;
  }

  /** The same object for all policies that place alike, until the view changes. */
  of(policy: Policy): Placement {
    const { replication, regions } = policy;
    const placing: Policy = { replication, ...(regions !== undefined && { regions }) };
    const key = latin1FromBytes(encodePolicy(placing));
    const known = this.#placements.get(key);
    if (known !== undefined) return known;
    const made = new Placement(this.#view, placing, this.parts);
    this.#placements.set(key, made);
    return made;
  }
}
