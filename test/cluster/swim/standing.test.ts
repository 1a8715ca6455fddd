import { describe, expect, it } from "vitest";
import type { ReplicaId } from "../../../src/base/ids.ts";
import {
  atBirth,
  INCARNATION_LEAP_MAX,
  isNonsense,
  mergeStandings,
  type Standing,
  SUSPECTORS_MAX,
  supersedes,
} from "../../../src/cluster/swim/standing.ts";
import { INCARNATION_MAX } from "../../../src/wire/message.ts";

const witnesses = (...names: string[]) => names as ReplicaId[];

/** Every standing that differs in what counts. */
const ALL: readonly Standing[] = [1, 2].flatMap((life) =>
  [0, 1].flatMap((incarnation): Standing[] => [
    { life, incarnation, state: "alive", suspectedBy: [] },
    { life, incarnation, state: "suspect", suspectedBy: witnesses("a") },
    { life, incarnation, state: "suspect", suspectedBy: witnesses("b") },
    { life, incarnation, state: "suspect", suspectedBy: witnesses("a", "b") },
    { life, incarnation, state: "dead", suspectedBy: [] },
  ]),
);

const text = ({ suspectedBy, ...rest }: Standing): string => JSON.stringify([rest, [...suspectedBy].sort()]);

describe("what is said of a member", () => {
  it("is ordered by life, then incarnation, then dead over suspect over alive (SWIM, section 4.2)", () => {
    for (const [i, told] of ALL.entries()) {
      for (const [j, known] of ALL.entries()) {
        const rank = (at: number): number => Math.floor(at / 5) * 3 + ([0, 1, 1, 1, 2][at % 5] as number);
        expect(supersedes(told, known), `${text(told)} over ${text(known)}`).toBe(rank(i) > rank(j));
      }
    }
  });

  it("merges to the same in whatever order, and however often, it is heard", () => {
    for (const a of ALL) {
      expect(mergeStandings(a, a)).toBe(a);
      for (const b of ALL) {
        expect(text(mergeStandings(a, b))).toBe(text(mergeStandings(b, a)));
        for (const c of ALL) {
          const left = mergeStandings(mergeStandings(a, b), c);
          expect(text(left)).toBe(text(mergeStandings(a, mergeStandings(b, c))));
        }
      }
    }
  });

  it("adds the witnesses of one suspicion up, to a bound, and is the same object where nothing is new", () => {
    const suspect = (...names: string[]): Standing => ({
      ...atBirth(1),
      state: "suspect",
      suspectedBy: witnesses(...names),
    });
    expect(mergeStandings(suspect("a"), suspect("b", "a")).suspectedBy).toEqual(["a", "b"]);
    const many = suspect("a", "b", "c", "d", "e", "f");
    expect(mergeStandings(atBirth(1), many).suspectedBy).toHaveLength(SUSPECTORS_MAX);
    const full = suspect("a", "b", "c", "d");
    expect(mergeStandings(full, many)).toBe(full);
  });

  it("is nonsense where nobody can have come so far", () => {
    const told = (incarnation: number) => ({ incarnation, state: "dead", suspectedBy: [] }) as const;
    expect(isNonsense(told(7 + INCARNATION_LEAP_MAX), told(7))).toBe(false);
    expect(isNonsense(told(8 + INCARNATION_LEAP_MAX), told(7))).toBe(true);
    expect(isNonsense(told(INCARNATION_MAX - 1), told(INCARNATION_MAX - 2))).toBe(false);
    expect(isNonsense(told(INCARNATION_MAX), told(INCARNATION_MAX - 1))).toBe(true);
  });
});
