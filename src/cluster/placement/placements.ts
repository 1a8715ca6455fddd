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
  /** By the policy itself, which is a value: every request asks, and to encode a policy takes longer than to look one up. */
  #placementsByPolicy = new WeakMap<Policy, Placement>();

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
    this.#placementsByPolicy = new WeakMap();
    return true;
  }

  /** The same object for all policies that place alike, until the view changes. */
  of(policy: Policy): Placement {
    let placement = this.#placementsByPolicy.get(policy);
    if (placement === undefined) {
      placement = this.#placementAlike(policy);
      this.#placementsByPolicy.set(policy, placement);
    }
    return placement;
  }

  #placementAlike({ replication, regions }: Policy): Placement {
    const placing: Policy = { replication, ...(regions !== undefined && { regions }) };
    const key = latin1FromBytes(encodePolicy(placing));
    const known = this.#placements.get(key);
    if (known !== undefined) return known;
    const made = new Placement(this.#view, placing, this.parts);
    this.#placements.set(key, made);
    return made;
  }
}
