/**
 * Do wrong tokens take the same time, wherever they are wrong? Welch's t over a million tries: beyond 4.5 a leak would be
 * likely (the threshold of test vector leakage assessment). The least of three attempts counts, since a busy machine can
 * spoil one, and a leak shows in all.
 */

import { SeededRandom } from "../../src/base/random.ts";
import { type Auth, createAuth } from "../../src/doors/auth.ts";
import type { BenchmarkReport } from "./report.ts";

export async function run(): Promise<BenchmarkReport> {
  const secret = "s".repeat(64);
  const auth = createAuth([{ token: secret, scopes: ["read"] }]);
  // Through bytes, as from a socket: strings put together here would differ in how V8 holds them.
  const [early = "", late = ""] = [`x${secret.slice(1)}`, `${secret.slice(0, -1)}x`].map((text) =>
    Buffer.from(text).toString(),
  );
  const attempts = [1, 2, 3].map(() => Math.abs(compareTimes(auth, early, late)));
  return {
    name: "tokens",
    rows: [
      {
        what: "Welch's t, wrong in the first against wrong in the last character",
        value: Math.min(...attempts),
        unit: "t",
        target: "< 4.5",
      },
    ],
  };
}

/** Welch's t of the times that two wrong tokens take. The order is drawn: in a fixed one, equal tokens differ as well. */
function compareTimes(auth: Auth, first: string, second: string): number {
  const random = new SeededRandom("tokens");
  const samples: readonly [number[], number[]] = [[], []];
  for (let tried = 0; tried < 1_000_000; tried++) {
    const isFirst = random.chance(0.5);
    samples[isFirst ? 0 : 1].push(timeOf(auth, isFirst ? first : second));
  }
  return welch(trimmed(samples[0]), trimmed(samples[1]));
}

function timeOf(auth: Auth, token: string): number {
  const startedAt = process.hrtime.bigint();
  auth.recognise(token);
  return Number(process.hrtime.bigint() - startedAt);
}

/** Without the slowest fifth, which the scheduler and the collector made. */
function trimmed(samples: readonly number[]): readonly number[] {
  return [...samples].sort((a, b) => a - b).slice(0, Math.floor(samples.length * 0.8));
}

/** Welch's t of two samples. */
function welch(a: readonly number[], b: readonly number[]): number {
  const mean = (of: readonly number[]) => of.reduce((sum, x) => sum + x, 0) / of.length;
  const variance = (of: readonly number[], around: number) =>
    of.reduce((sum, x) => sum + (x - around) ** 2, 0) / (of.length - 1);
  const [meanA, meanB] = [mean(a), mean(b)];
  return (meanA - meanB) / Math.sqrt(variance(a, meanA) / a.length + variance(b, meanB) / b.length);
}
