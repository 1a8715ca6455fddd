/**
 * What clients' long bodies and answers may take of memory on their way through the doors. Each takes its length before it is
 * received, or copied for whoever reads it, and gives it back once it is done with: so memory is bounded before it is spent.
 *
 *  B1. At most `bytesMax` are lent at once; but a single one may be longer, and has the account to itself.
 *  B2. Who came first is first: nobody waits for ever behind others that ask for less.
 *  B3. Who has waited for `waitMs` is refused, and may try again.
 *  B4. While somebody waits, nobody keeps what it took for longer than `keepMs` and a second for each MiB of it: a client that
 *      neither sends nor reads is cut off.
 *
 * What is short is not asked for: the connections and what each may have under way bound that.
 */

import { AtollError } from "../base/errors.ts";

/** Of a text, for each byte: as it came, as a string, and as the values that the string says. */
export const TEXT_COPIES = 3;

const MIB = 1024 * 1024;
const KEEP_MS_PER_MIB = 1_000;
const LOOK_MS = 250;

export interface AccountBounds {
  readonly bytesMax: number;
  readonly waitMs: number;
  readonly keepMs: number;
}

type State = "waiting" | "lent" | "ended";

/** Bytes that one client waits for, and then has. */
export class Loan {
  /** Rejects with `MEMORY_FULL`; never settles where it has ended before. */
  readonly granted: Promise<void>;
  bytes: number;
  state: State = "waiting";
  /** When it was asked for, and then when it was granted. */
  since = performance.now();
  readonly waitMs: number;
  readonly cutOff: () => void;
  readonly #account: ByteAccount;
  grant: () => void = () => {};
  refuse: (error: AtollError) => void = () => {};

  constructor(account: ByteAccount, bytes: number, waitMs: number, cutOff: () => void) {
    this.#account = account;
    this.bytes = bytes;
    this.waitMs = waitMs;
    this.cutOff = cutOff;
    this.granted = new Promise((resolve, reject) => {
      this.grant = resolve;
      this.refuse = reject;
    });
    // Who has gone meanwhile does not listen.
    this.granted.catch(() => {});
  }

  /** Takes so many more, without waiting: of two that waited for each other neither would ever end. */
  extend(bytes: number): void {
    this.#account.extend(this, bytes);
  }

  /** It needs them no more; any number of times. */
  end(): void {
    this.#account.end(this);
  }
}

export class ByteAccount {
  readonly #bounds: AccountBounds;
  readonly #waiting = new Set<Loan>();
  readonly #lent = new Set<Loan>();
  #lentBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(bounds: AccountBounds) {
    this.#bounds = bounds;
  }

  get lentBytes(): number {
    return this.#lentBytes;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** `cutOff` is told that its time is up (B4); it has ended then. `waitMs`: other than usual. */
  ask(bytes: number, cutOff: () => void, waitMs: number = this.#bounds.waitMs): Loan {
    const loan = new Loan(this, bytes, waitMs, cutOff);
    this.#waiting.add(loan);
    this.#grantNext();
    if (loan.state === "waiting") this.#timer ??= setTimeout(() => this.#look(), LOOK_MS).unref();
    return loan;
  }

  extend(loan: Loan, bytes: number): void {
    if (loan.state === "ended") return;
    loan.bytes += bytes;
    if (loan.state === "lent") this.#lentBytes += bytes;
  }

  end(loan: Loan): void {
    if (loan.state === "lent") this.#lentBytes -= loan.bytes;
    loan.state = "ended";
    this.#waiting.delete(loan);
    this.#lent.delete(loan);
    this.#grantNext();
  }

  /** B1, B2. */
  #grantNext(): void {
    for (const loan of this.#waiting) {
      if (this.#lentBytes > 0 && this.#lentBytes + loan.bytes > this.#bounds.bytesMax) return;
      this.#waiting.delete(loan);
      this.#lent.add(loan);
      this.#lentBytes += loan.bytes;
      loan.state = "lent";
      loan.since = performance.now();
      loan.grant();
    }
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const loan of [...this.#waiting]) if (now - loan.since > loan.waitMs) this.#refuse(loan);
    if (this.#waiting.size === 0) return;
    for (const loan of [...this.#lent]) {
      if (now - loan.since <= this.#bounds.keepMs + (loan.bytes / MIB) * KEEP_MS_PER_MIB) continue;
      loan.end();
      loan.cutOff();
    }
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#look(), LOOK_MS).unref();
  }

  #refuse(loan: Loan): void {
    loan.end();
    const { bytesMax, waitMs } = this.#bounds;
    const message = `of the ${bytesMax} bytes for long values under way none of ${loan.bytes} came free in ${waitMs} ms`;
    loan.refuse(new AtollError("MEMORY_FULL", message));
  }
}
