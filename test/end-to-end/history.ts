/**
 * What clients did and were told, and what may be there in the end. The rules of the last writer wins, written a second
 * time and without a word from `src`, as a checker.
 *
 *  C1. All replicas answer the same for every key.
 *  C2. What is there was written, with that value; nobody was told that it was refused.
 *  C3. No write that was promised is lost: what is there is at least as great as each of them.
 *  C4. What is not there was deleted or has expired, by something at least as great as all that was promised.
 *  C5. Nothing is there whose time has run out.
 */

/** A write as it was asked for and answered. */
export interface Attempt {
  readonly key: string;
  /** Unique among all attempts; absent for a deletion. */
  readonly value?: string;
  /** By when it has expired for sure; absent when it does not expire during the test. */
  readonly deadBy?: number;
  /** Unix ms. The machine has one clock, so a stamp is never less than the time at which its write was sent. */
  readonly sentAt: number;
  /** `unknown`: no answer came, it may have happened or not. */
  readonly outcome: "kept" | "refused" | "unknown";
  /** Where the answer named it. */
  readonly version?: string;
  /** The answer promised that no crash of the test's can lose it. */
  readonly isPromised: boolean;
}

/** What one replica answered for a key in the end; `undefined` = it is not there. */
export type Answered = { readonly version: string; readonly value: string } | undefined;

const EPOCH_MS = Date.UTC(2020, 0, 1);
const TICKS_PER_MS = 4096;

interface Stamp {
  readonly timestamp: number;
  readonly isLive: boolean;
  readonly origin: number;
}

/** A version is its stamp and its origin in hexadecimal digits, with a hyphen between. */
export function parseVersion(version: string): { readonly timestamp: number; readonly origin: number } {
  const [timestamp = "", origin = ""] = version.split("-");
  return { timestamp: Number.parseInt(timestamp, 16), origin: Number.parseInt(origin, 16) };
}

/** Unix ms at which a version says it was written. */
export function writtenAt(version: string): number {
  return Math.floor(parseVersion(version).timestamp / TICKS_PER_MS) + EPOCH_MS;
}

export class History {
  readonly attempts: Attempt[] = [];
  readonly #byKey = new Map<string, Attempt[]>();

  add(attempt: Attempt): void {
    this.attempts.push(attempt);
    const ofKey = this.#byKey.get(attempt.key);
    if (ofKey === undefined) this.#byKey.set(attempt.key, [attempt]);
    else ofKey.push(attempt);
  }

  of(key: string): readonly Attempt[] {
    return this.#byKey.get(key) ?? [];
  }

  keys(): readonly string[] {
    return [...this.#byKey.keys()];
  }

  counts(): Readonly<Record<string, number>> {
    const { attempts } = this;
    const count = (test: (attempt: Attempt) => boolean) => attempts.filter(test).length;
    return {
      attempts: attempts.length,
      keys: this.#byKey.size,
      deletions: count(({ value }) => value === undefined),
      expiring: count(({ deadBy }) => deadBy !== undefined),
      promised: count(({ isPromised }) => isPromised),
      unknown: count(({ outcome }) => outcome === "unknown"),
      refused: count(({ outcome }) => outcome === "refused"),
    };
  }

  /** Everything that must not be, in words; `answers` by key, one for each replica. Call it at `now`, in unix ms. */
  violations(answers: ReadonlyMap<string, readonly Answered[]>, now: number): string[] {
    const found: string[] = [];
    for (const key of this.keys()) {
      const answered = answers.get(key) ?? [];
      const first = answered[0];
      if (answered.some((other) => other?.version !== first?.version || other?.value !== first?.value)) {
        found.push(`C1 ${key}: the replicas differ: ${JSON.stringify(answered.map((each) => each ?? null))}`);
      }
      for (const each of new Set(answered)) found.push(...this.#violationsOf(key, each, now));
    }
    return [...new Set(found)];
  }

  #violationsOf(key: string, answered: Answered, now: number): string[] {
    const attempts = this.of(key);
    const promised = attempts.filter(({ isPromised }) => isPromised);
    return answered === undefined
      ? absenceOf(key, attempts, promised)
      : presenceOf(key, attempts, promised, answered, now);
  }
}

function presenceOf(
  key: string,
  attempts: readonly Attempt[],
  promised: readonly Attempt[],
  answered: NonNullable<Answered>,
  now: number,
): string[] {
  const found: string[] = [];
  const source = attempts.find(({ value }) => value === answered.value);
  if (source === undefined || source.outcome === "refused") {
    return [`C2 ${key}: ${JSON.stringify(answered)} was never written`];
  }
  if (source.version !== undefined && source.version !== answered.version) {
    found.push(`C2 ${key}: version ${answered.version} of a value that was written as ${source.version}`);
  }
  const stamp: Stamp = { ...parseVersion(answered.version), isLive: true };
  for (const attempt of promised) {
    if (order(stamp, leastStamp(attempt)) < 0)
      found.push(`C3 ${key}: ${JSON.stringify(answered)} over ${said(attempt)}`);
  }
  if (source.deadBy !== undefined && source.deadBy < now) found.push(`C5 ${key}: ${said(source)} is still there`);
  return found;
}

function absenceOf(key: string, attempts: readonly Attempt[], promised: readonly Attempt[]): string[] {
  const mortal = attempts.filter((attempt) => attempt.outcome !== "refused" && isMortal(attempt));
  for (const attempt of promised) {
    const canBeGone = mortal.some(
      (death) => death === attempt || order(greatestStamp(death), leastStamp(attempt)) >= 0,
    );
    if (!canBeGone) return [`C4 ${key}: ${said(attempt)} is not there`];
  }
  return [];
}

/** Leaves nothing behind in the end: a deletion, or a value whose time is short. */
function isMortal(attempt: Attempt): boolean {
  return attempt.value === undefined || attempt.deadBy !== undefined;
}

/** The least that a write's stamp can be. */
function leastStamp(attempt: Attempt): Stamp {
  const isLive = attempt.value !== undefined;
  if (attempt.version !== undefined) return { ...parseVersion(attempt.version), isLive };
  return { timestamp: (attempt.sentAt - EPOCH_MS) * TICKS_PER_MS, isLive: false, origin: 0 };
}

/** The greatest: where nobody said, anything. */
function greatestStamp(attempt: Attempt): Stamp {
  const isLive = attempt.value !== undefined;
  if (attempt.version !== undefined) return { ...parseVersion(attempt.version), isLive };
  return { timestamp: Infinity, isLive, origin: Infinity };
}

/** Greater timestamp, then live over dead, then greater origin. */
function order(a: Stamp, b: Stamp): number {
  if (a.timestamp !== b.timestamp) return a.timestamp < b.timestamp ? -1 : 1;
  if (a.isLive !== b.isLive) return a.isLive ? 1 : -1;
  return a.origin === b.origin ? 0 : a.origin < b.origin ? -1 : 1;
}

function said(attempt: Attempt): string {
  const { outcome, version, value, deadBy } = attempt;
  return `${value === undefined ? "deletion" : `put of ${value.slice(0, 20)}`} ${JSON.stringify({ outcome, version, deadBy })}`;
}
