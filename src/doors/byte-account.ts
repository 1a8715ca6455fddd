/**
 * What clients' long bodies and answers may take of memory on their way through the doors. Each takes its length before it is
 * received, or copied for whoever reads it, and gives it back once it is done with: so memory is bounded before it is spent.
 *
 *  B1. At most `bytesMax` are lent at once; but a single one may be longer, and has the account to itself. Who has some already
 *      cannot wait for more, since of two that waited for each other neither would ever end: it is refused.
 *  B2. Who came first is first: nobody waits for ever behind others that ask for less.
 *  B3. Who has waited for `waitMs` is refused, and may try again.
 *  B4. While somebody waits, a client that is itself waited for, to send or to read, and that moves nothing for `keepMs`, or
 *      is not done within that and a second for each MiB, is cut off. What the server takes does not count.
 *  B5. What is lent stays so until its memory is free: also who is cut off has it until then.
 *
 * What is short is not asked for: the connections and what each may have under way bound that. What comes to be long of short
 * parts, as a batch, a page of keys or a document does, asks once that is known.
 */

import { AtollError } from "../base/errors.ts";
import { ClientGone } from "./client-gone.ts";

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

/** Who is waited for. */
export interface Client {
  /** What it has sent and taken so far; greater than before where it goes on. */
  traffic(): number;
  /** Sees to it that the loan ends soon. */
  cutOff(): void;
}

/** The client's turn, from when it began. */
interface Turn {
  readonly client: Client;
  readonly since: number;
  movedAt: number;
  traffic: number;
}

type State = "waiting" | "lent" | "ended";

/** Bytes that one client waits for, and then has. */
export class Loan {
  /** Rejects with `MEMORY_FULL`, and with `ClientGone` where it has ended before. */
  readonly granted: Promise<void>;
  bytes: number;
  state: State = "waiting";
  /** When it was asked for. */
  readonly since = performance.now();
  readonly waitMs: number;
  turn: Turn | undefined;
  readonly #account: ByteAccount;
  grant: () => void = () => {};
  refuse: (error: Error) => void = () => {};

  constructor(account: ByteAccount, bytes: number, waitMs: number) {
    this.#account = account;
    this.bytes = bytes;
    this.waitMs = waitMs;
    this.granted = new Promise((resolve, reject) => {
      this.grant = resolve;
      this.refuse = reject;
    });
    // Who has gone meanwhile does not listen.
    this.granted.catch(() => {});
  }

  /** Takes so many more; where it waits still, it waits for these as well. Throws `MEMORY_FULL` (B1). */
  extend(bytes: number): void {
    this.#account.extend(this, bytes);
  }

  /** From now on it is the client that everything waits for (B4); `alreadyMs`: it has been for so long, with breaks. */
  awaits(client: Client, alreadyMs = 0): void {
    const now = performance.now();
    this.turn = { client, since: now - alreadyMs, movedAt: now, traffic: client.traffic() };
  }

  /** From now on it is the server that everything waits for. */
  atWork(): void {
    this.turn = undefined;
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

  /** `waitMs`: other than usual. */
  ask(bytes: number, waitMs: number = this.#bounds.waitMs): Loan {
    const loan = new Loan(this, bytes, waitMs);
    this.#waiting.add(loan);
    this.#grantNext();
    this.#lookSoon();
    return loan;
  }

  extend(loan: Loan, bytes: number): void {
    const { bytesMax } = this.#bounds;
    const isOver = loan.state === "lent" && this.#lent.size > 1 && this.#lentBytes + bytes > bytesMax;
    if (isOver || loan.state === "ended") {
      throw new AtollError(
        "MEMORY_FULL",
        `of the ${bytesMax} bytes for long values under way ${bytes} more are not free`,
      );
    }
    loan.bytes += bytes;
    if (loan.state === "lent") this.#lentBytes += bytes;
  }

  end(loan: Loan): void {
    if (loan.state === "lent") this.#lentBytes -= loan.bytes;
    else loan.refuse(new ClientGone());
    loan.state = "ended";
    loan.turn = undefined;
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
      loan.grant();
    }
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const loan of [...this.#waiting]) if (now - loan.since > loan.waitMs) this.#refuse(loan);
    if (this.#waiting.size > 0) for (const loan of [...this.#lent]) this.#judge(loan, now);
    this.#lookSoon();
  }

  #lookSoon(): void {
    if (this.#waiting.size > 0) this.#timer ??= setTimeout(() => this.#look(), LOOK_MS).unref();
  }

  /** B4. */
  #judge(loan: Loan, now: number): void {
    const { turn, bytes } = loan;
    if (turn === undefined) return;
    const traffic = turn.client.traffic();
    if (traffic > turn.traffic) {
      turn.traffic = traffic;
      turn.movedAt = now;
    }
    const { keepMs } = this.#bounds;
    const isLate = now - turn.since > keepMs + (bytes / MIB) * KEEP_MS_PER_MIB;
    if (!isLate && now - turn.movedAt <= keepMs) return;
    loan.atWork();
    turn.client.cutOff();
  }

  #refuse(loan: Loan): void {
    const { bytesMax, waitMs } = this.#bounds;
    const message = `of the ${bytesMax} bytes for long values under way none of ${loan.bytes} came free in ${waitMs} ms`;
    loan.refuse(new AtollError("MEMORY_FULL", message));
    loan.end();
  }
}
