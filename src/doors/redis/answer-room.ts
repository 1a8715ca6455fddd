/**
 * What is lent to one client for the answer of the command that is being carried out, until the client has read it. While any
 * of it is not sent no other command is begun, so that nobody who has some waits for more. Of commands that are under way together
 * (`answer-line.ts`) it is for whose turn it is, and is asked for again where that is refused.
 */

import { AtollError } from "../../base/errors.ts";
import { SHORT_VALUE_BYTES_MAX } from "../../store.ts";
import type { ByteAccount, Client, Loan } from "../byte-account.ts";
import { ClientGone } from "../client-gone.ts";

export class AnswerRoom {
  readonly #account: ByteAccount;
  readonly #bytesMax: number;
  readonly #client: Client;
  #loan: Loan | undefined;
  #isGone = false;

  constructor(account: ByteAccount, bytesMax: number, client: Client) {
    this.#account = account;
    this.#bytesMax = bytesMax;
    this.#client = client;
  }

  get isLent(): boolean {
    return this.#loan !== undefined;
  }

  /** So many more. Undefined: there they are. Throws and rejects with `MEMORY_FULL`, and `ClientGone`. */
  ask(bytes: number): Promise<void> | undefined {
    // Nobody would give back what is lent from now on.
    if (this.#isGone) throw new ClientGone();
    if ((this.#loan?.bytes ?? 0) + bytes > this.#bytesMax)
      throw new AtollError("MEMORY_FULL", `an answer has at most ${this.#bytesMax} bytes`);
    if (this.#loan === undefined) this.#loan = this.#account.ask(bytes);
    else this.#loan.extend(bytes);
    return this.#loan.state === "waiting" ? this.#loan.granted : undefined;
  }

  /** As `ask`, of a whole answer, which takes nothing where it is short. */
  askFor(bytes: number): Promise<void> | undefined {
    return bytes > SHORT_VALUE_BYTES_MAX ? this.ask(bytes) : undefined;
  }

  /** It is written: the client has to read it. */
  awaitReader(): void {
    const loan = this.#loan;
    if (loan?.state === "lent" && loan.turn === undefined) loan.awaits(this.#client);
  }

  /** It is read. */
  end(): void {
    this.#loan?.end();
    this.#loan = undefined;
  }

  /** The client has gone; `isAtWork`: its command has not, and ends this once it is done. */
  gone(isAtWork: boolean): void {
    this.#isGone = true;
    if (!isAtWork || this.#loan?.state === "waiting") this.end();
  }
}
