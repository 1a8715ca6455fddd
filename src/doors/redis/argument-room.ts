/**
 * What the commands of one client take of memory before they are carried out: the one that is not complete yet, those that are
 * queued since `MULTI`, and the keys that are watched. A little each connection has for nothing, everything beyond it is lent
 * by the account that all doors share, before it is spent.
 *
 *  G1. As long as it is the client that something lent is kept for, be it to send the rest or to say `EXEC`, it is the one that
 *      is waited for (B4 of `byte-account.ts`); what it needs for that counts together, however many commands it is.
 */

import type { Reply } from "../../command-reply.ts";
import type { ByteAccount, Client, Loan } from "../byte-account.ts";
import { errorOf } from "./error-of.ts";
import type { RequestParser } from "./request-parser.ts";

/** For nothing, of a command that is not complete, and once more of what is queued: 10,000 connections have 160 MiB each. */
export const FREE_BYTES = 16 * 1024;

export class ArgumentRoom {
  readonly #account: ByteAccount;
  readonly #client: Client;
  #loan: Loan | undefined;
  /** How long the client has been waited for. */
  #turnMs = 0;

  constructor(account: ByteAccount, client: Client) {
    this.#account = account;
    this.#client = client;
  }

  /** So many more. Undefined: there they are. Throws and rejects with `MEMORY_FULL`. */
  ask(bytes: number): Promise<void> | undefined {
    if (this.#loan === undefined) this.#loan = this.#account.ask(bytes);
    else this.#loan.extend(bytes);
    const loan = this.#loan;
    if (loan.state === "waiting") return loan.granted.then(() => this.awaitClient());
    this.awaitClient();
    return undefined;
  }

  /** For the rest of a command. Undefined: there it is. Otherwise resolves once it is, or with what the client is told. */
  makeFor(parser: Pick<RequestParser, "needsRoom" | "grantRoom">): Promise<Reply | undefined> | undefined {
    try {
      const granted = this.ask(parser.needsRoom);
      if (granted !== undefined) return granted.then(() => void parser.grantRoom()).catch(errorOf);
      parser.grantRoom();
      return undefined;
    } catch (error) {
      return Promise.resolve(errorOf(error));
    }
  }

  /** So many in all, beside what is for nothing; otherwise as `ask`. */
  hold(bytes: number): Promise<void> | undefined {
    const lacking = bytes - FREE_BYTES - (this.#loan?.bytes ?? 0);
    return lacking > 0 ? this.ask(Math.max(lacking, FREE_BYTES)) : undefined;
  }

  /** G1. */
  awaitClient(): void {
    const loan = this.#loan;
    if (loan?.state === "lent" && loan.turn === undefined) loan.awaits(this.#client, this.#turnMs);
  }

  atWork(): void {
    const loan = this.#loan;
    if (loan?.turn === undefined) return;
    this.#turnMs = performance.now() - loan.turn.since;
    loan.atWork();
  }

  /** Nothing is kept any more. */
  end(): void {
    this.#loan?.end();
    this.#loan = undefined;
    this.#turnMs = 0;
  }

  /** The client has gone; what is lent is, to a command that is being carried out, until that is done. */
  gone(): void {
    if (this.#loan?.state === "waiting") this.end();
    else this.atWork();
  }
}
