/** Which operations a load is made of: `get=80,put=20`. Shares of whatever they add up to. */

import type { Random } from "../../base/random.ts";
import { UsageError } from "../usage-error.ts";

export type OperationType = "get" | "put" | "delete";

export const OPERATION_TYPES: readonly OperationType[] = ["get", "put", "delete"];

const TWO_32 = 4294967296;
const SHARE_MAX = 1_000_000;

export class OperationMix {
  readonly shares: Readonly<Record<OperationType, number>>;
  readonly #gets: number;
  readonly #puts: number;

  constructor(shares: Readonly<Record<OperationType, number>>) {
    this.shares = shares;
    const all = shares.get + shares.put + shares.delete;
    this.#gets = (shares.get / all) * TWO_32;
    this.#puts = ((shares.get + shares.put) / all) * TWO_32;
  }

  pick(random: Random): OperationType {
    const drawn = random.uint32();
    if (drawn < this.#gets) return "get";
    return drawn < this.#puts ? "put" : "delete";
  }

  has(type: OperationType): boolean {
    return this.shares[type] > 0;
  }
}

/** Throws `UsageError`. */
export function parseMix(text: string): OperationMix {
  const shares = { get: 0, put: 0, delete: 0 };
  for (const part of text.split(",")) {
    const [, name = "", share = ""] = /^\s*(get|put|delete)=(\d{1,7})\s*$/.exec(part) ?? [];
    const type = OPERATION_TYPES.find((candidate) => candidate === name);
    if (type === undefined || shares[type] > 0 || Number(share) > SHARE_MAX) throw badMix(text);
    shares[type] = Number(share);
  }
  if (shares.get + shares.put + shares.delete === 0) throw badMix(text);
  return new OperationMix(shares);
}

function badMix(text: string): UsageError {
  return new UsageError(
    `--mix must be shares of get, put and delete, such as get=80,put=20, not ${JSON.stringify(text)}`,
  );
}
