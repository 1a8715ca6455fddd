/** What is said of values that are with a peer and not here (`replica/ghosts.ts`). */

import type { Records } from "./records.ts";
import type { VersionFacts } from "./version-facts.ts";

export type GhostMessage =
  | {
      readonly type: "keep";
      readonly question: number;
      /** The sender is about to go: what of these is away from the receiver it is to fetch, or nobody has it any more. */
      readonly isGoing: boolean;
      readonly versions: readonly VersionFacts[];
    }
  | {
      readonly type: "kept";
      readonly question: number;
      /** In the question, ascending, of those that the sender has, each as it was asked for. */
      readonly places: readonly number[];
      /** No value that the sender claims is away from it. */
      readonly isWhole: boolean;
      /** As `places`, of those that are away from the sender, which has no room for them. */
      readonly noRoom: readonly number[];
      /** It is about to go itself. */
      readonly isGoing: boolean;
    }
  | { readonly type: "fetch"; readonly request: number; readonly version: VersionFacts }
  | {
      readonly type: "fetched";
      readonly request: number;
      /** False: whether the sender has it cannot be told at the moment. */
      readonly isSure: boolean;
      /** The record, or a later one of its register; none: the sender has neither. */
      readonly records: Records;
    };
