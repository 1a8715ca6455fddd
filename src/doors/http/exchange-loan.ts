/** Room for the long body or the long answer of one request: it is had until the answer is sent, or the connection is gone. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { giveBackWhole } from "../../base/give-back.ts";
import { SHORT_VALUE_BYTES_MAX } from "../../store.ts";
import type { ByteAccount, Loan } from "../byte-account.ts";

export interface Borrower {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  loan: Loan | undefined;
}

/** Asks for the first that this request needs. */
export function lend(account: ByteAccount, borrower: Borrower, bytes: number, cutOff: () => void): Loan {
  const loan = account.ask(bytes, cutOff);
  borrower.loan = loan;
  borrower.response.once("close", () => loan.end());
  return loan;
}

/** For more of the answer; undefined: there is. A reader that takes too long while others wait for room is cut off. */
export function makeRoom(account: ByteAccount, borrower: Borrower, bytes: number): Promise<void> | undefined {
  if (borrower.loan !== undefined) borrower.loan.extend(bytes);
  const loan = borrower.loan ?? lend(account, borrower, bytes, () => borrower.request.socket.destroy());
  return loan.state === "waiting" ? loan.granted : undefined;
}

/** Sends a body that nobody else needs. */
export function endWith({ request, response }: Borrower, body: Uint8Array): void {
  if (body.length <= SHORT_VALUE_BYTES_MAX) response.end(body);
  else {
    response.end(body, () => {
      // What was under way as a connection broke the system may still be reading.
      if (!request.socket.destroyed) giveBackWhole(body);
    });
  }
}
