/** What this replica says of itself as a member. */

import type { ReplicaId } from "../base/ids.ts";
import { placeTakenBack } from "../cluster/members.ts";
import type { MemberFacts } from "../wire/message.ts";
import type { Lives } from "./lives.ts";

export interface Self {
  readonly id: ReplicaId;
  readonly config: { readonly region: string; readonly address: string };
  readonly isEphemeral: boolean;
  readonly lives: Lives;
  /** When this process began, unix ms. */
  readonly startedAt: number;
}

/** `former`: as it was on disk. */
export function ownFacts(self: Self, former: MemberFacts | undefined): MemberFacts {
  const { region, address } = self.config;
  return {
    id: self.id,
    life: self.lives.present,
    region,
    address,
    ephemeral: self.isEphemeral,
    left: false,
    epoch: 0,
    birth: self.lives.birth,
    rootLife: self.lives.root,
    startedAt: self.startedAt,
    givenUpLife: 0,
    displaced: placeTakenBack(former?.displaced ?? 0),
    seenAgoMs: 0,
  };
}
