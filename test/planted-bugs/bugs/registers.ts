/** Bugs in what a replica holds: the merge, the clock, expiry, fingerprints, vectors, chains. */

import type { PlantedBug } from "../planted-bug.ts";

export const REGISTER_BUGS: readonly PlantedBug[] = [
  {
    name: "merge-ignores-ties",
    rule: "-",
    broken: "of two writes with one timestamp the first to arrive stays, whatever their origins",
    patches: [
      {
        file: "core/record/record-order.ts",
        find: "if (originA !== originB) return originA < originB ? -1 : 1;",
        replace: "",
      },
    ],
    scenario: "drill-tie",
    seedsMax: 10,
    checkers: ["audit", "convergence"],
  },
  {
    name: "clock-goes-back",
    rule: "-",
    broken:
      "the clock gives out what the wall says, also twice and backwards, and a write is as great as what it overwrites at the least",
    patches: [
      {
        file: "core/clock.ts",
        find: "this.#last = Math.max(timestampFromMs(nowMs), this.#last + 1);",
        replace: "this.#last = timestampFromMs(nowMs);",
      },
      {
        file: "core/shard/author.ts",
        find: "const least = this.#lastStamp(slot) + 1;",
        replace: "const least = this.#lastStamp(slot);",
      },
    ],
    scenario: "drill-fast-clock",
    seedsMax: 20,
    checkers: ["local-order", "convergence"],
  },
  {
    name: "fingerprint-misses-update",
    rule: "-",
    broken: "an overwritten register stays in the fingerprint",
    patches: [
      {
        file: "core/shard/holdings.ts",
        find: "      this.accounts.change(oldView, oldAt, view, at);\n",
        replace:
          "      if ((flagsAt(oldView, oldAt) & FALLEN) === 0) this.accounts.enter(view, at, true);\n      else this.accounts.change(oldView, oldAt, view, at);\n",
      },
    ],
    scenario: "split-brain",
    seedsMax: 5,
    checkers: ["convergence"],
  },
  {
    name: "digest-blind-to-sequences",
    rule: "-",
    broken: "the digest of a vector tells which origins it has and not how far",
    patches: [
      {
        file: "core/version-vector.ts",
        find: "const b = mix32(a ^ (sequence >>> 0)) + mix32(Math.floor(sequence / TWO_32));",
        replace: "const b = mix32(a) + mix32(Math.floor(sequence / TWO_32));",
      },
    ],
    scenario: "drill-lost-push",
    seedsMax: 10,
    checkers: ["convergence"],
  },
  {
    name: "seals-dropped",
    rule: "-",
    broken: "a merge of vectors takes the entries over and forgets the seals",
    patches: [
      {
        file: "core/version-vector.ts",
        find: "    this.#sealAll(other.#sealedBelow);\n",
        replace: "",
      },
    ],
    scenario: "drill-restarts-in-a-row",
    seedsMax: 10,
    checkers: ["convergence"],
  },
  {
    name: "delta-off-by-one",
    rule: "-",
    broken: "a delta begins one sequence too late",
    patches: [
      {
        file: "core/shard/origin-chains.ts",
        find: "if (sequence > 0 && this.#sequenceIn(slot) <= sequence) break;",
        replace: "if (this.#sequenceIn(slot) <= sequence + 1) break;",
      },
    ],
    scenario: "drill-lost-push",
    seedsMax: 10,
    checkers: ["audit", "convergence"],
  },
  {
    name: "delta-chunk-drops-boundary",
    rule: "-",
    broken: "the register that does not fit a chunk of a delta any more is left out of the next one",
    patches: [
      {
        file: "core/shard/delta.ts",
        find: "if (writer.length > 0 && writer.length + length > bytesMax) return;",
        replace:
          "if (writer.length > 0 && writer.length + length > bytesMax) {\n        this.#next++;\n        return;\n      }",
      },
    ],
    scenario: "drill-long-delta",
    seedsMax: 10,
    checkers: ["audit", "convergence"],
  },
  {
    name: "claim-as-of-the-end",
    rule: "R1",
    broken: "a delta claims what its sender covers when the last chunk goes out",
    patches: [
      {
        file: "cluster/serving.ts",
        find: "const claim = isLast ? delta.claim : undefined;",
        replace: "const claim = isLast ? delta.shard.vector.snapshot() : undefined;",
      },
    ],
    scenario: "drill-overwritten-delta",
    seedsMax: 25,
    checkers: ["audit", "convergence"],
  },
  {
    name: "ttl-dropped-in-delta",
    rule: "-",
    broken: "a delta writes its registers anew, from all that they say but their expiry",
    patches: [
      {
        file: "core/shard/delta.ts",
        find: "      const length = recordLength(view, at);\n",
        replace: `      const bytes = table.bytesOf(slot);
      const value = bytes.slice(valueStartAt(view, at), at + recordLength(view, at));
      const flags = flagsAt(view, at) & 3;
      const content = flags === 0 ? value : undefined;
      const fields = { flags, kind: kindAt(view, at), key: keyAt(view, bytes, at), value: content };
      const dot = { timestamp: timestampAt(view, at), origin: originAt(view, at), sequence: sequenceAt(view, at) };
      const again = new RecordWriter();
      const length = again.write({ ...fields, ...dot });
`,
      },
      {
        file: "core/shard/delta.ts",
        find: "writer.slice(view, at, length);",
        replace: "writer.slice(again.view, 0, length);",
      },
      {
        file: "core/shard/delta.ts",
        find: 'import { recordLength } from "../record/record.ts";',
        replace:
          'import { flagsAt, keyAt, kindAt, originAt, RecordWriter, recordLength, sequenceAt, timestampAt, valueStartAt } from "../record/record.ts";',
      },
    ],
    scenario: "drill-expiring",
    seedsMax: 10,
    checkers: ["expiry", "convergence"],
  },
  {
    name: "expiry-the-wrong-way-round",
    rule: "-",
    broken: "a register is served once it has expired, and not before",
    patches: [
      {
        file: "core/shard/shard.ts",
        find: "return expiresAt(view, at) > nowMs;",
        replace: "return expiresAt(view, at) === Infinity || expiresAt(view, at) <= nowMs;",
      },
    ],
    scenario: "drill-expiring",
    seedsMax: 10,
    checkers: ["expiry", "local-order"],
  },
  {
    name: "expiry-of-the-overwritten",
    rule: "-",
    broken: "a register falls when the one before it would have expired",
    patches: [
      {
        file: "core/shard/expiries.ts",
        find: "if ((flagsAt(view, at) & FALLEN) !== 0 || expiresAt(view, at) > instant) continue;\n      fell(slot);",
        replace: "if ((flagsAt(view, at) & FALLEN) !== 0) continue;\n      fell(slot);",
      },
    ],
    scenario: "drill-expiring",
    seedsMax: 10,
    checkers: ["local-order", "acknowledged", "convergence"],
  },
  {
    name: "expiry-read-without-clock",
    rule: "-",
    broken: "a read asks only whether the sweep has been, not whether the time has come",
    patches: [
      {
        file: "core/shard/shard.ts",
        find: "return expiresAt(view, at) > nowMs;",
        replace: "void nowMs;\n    return true;",
      },
    ],
    scenario: "drill-expiring",
    seedsMax: 12,
    checkers: ["expiry"],
  },
  {
    name: "expiry-served-late",
    rule: "-",
    broken: "a read serves what expired less than 200 ms ago",
    patches: [
      {
        file: "core/shard/shard.ts",
        find: "return expiresAt(view, at) > nowMs;",
        replace: "return expiresAt(view, at) > nowMs - 200;",
      },
    ],
    scenario: "swarm",
    seedsMax: 30,
    checkers: ["expiry"],
  },
  {
    name: "chain-in-order-of-arrival",
    rule: "-",
    broken: "a register that comes late is hung at the end of its origin's chain",
    patches: [
      {
        file: "core/shard/origin-chains.ts",
        find: "if (sequence < chain.seen && after !== chain.sentinel && this.#sequenceIn(after) > sequence) {",
        replace: "if (chain.seen < 0) {",
      },
    ],
    scenario: "drill-filled-gap",
    seedsMax: 14,
    checkers: ["audit", "convergence"],
  },
];
