/**
 * Room for the long body or the long answer of one request: it is had until the operation is done and its answer sent, or the
 * connection gone. Of one connection one request at a time is carried out (`turns.ts`), so none waits for what another has.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { giveBackWhole } from "../../base/give-back.ts";
import { SHORT_VALUE_BYTES_MAX } from "../../store.ts";
import type { ByteAccount, Client, Loan } from "../byte-account.ts";
import { ClientGone } from "../client-gone.ts";
import { trafficOf } from "../traffic.ts";

export interface Borrower {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  loan: Loan | undefined;
}

/** Asks for the first that this request needs. Throws `ClientGone`; rejects with that and `MEMORY_FULL`. */
export function lend(account: ByteAccount, borrower: Borrower, bytes: number): Loan {
  const { socket } = borrower.request;
  if (socket.destroyed) throw new ClientGone();
  const loan = account.ask(bytes);
  borrower.loan = loan;
  if (loan.state !== "waiting") return loan;
  const gone = (): void => loan.end();
  const settled = (): void => void socket.off("close", gone);
  socket.once("close", gone);
  loan.granted.then(settled, settled);
  return loan;
}

/** The body is received from now on, or else `cutOff` is told. */
export function awaitBody({ request, loan }: Borrower, cutOff: () => void): void {
  loan?.awaits({ traffic: () => trafficOf(request.socket), cutOff });
}

/** For more of the answer; undefined: there is. */
export function makeRoom(account: ByteAccount, borrower: Borrower, bytes: number): Promise<void> | undefined {
  if (borrower.loan !== undefined) borrower.loan.extend(bytes);
  const loan = borrower.loan ?? lend(account, borrower, bytes);
  return loan.state === "waiting" ? loan.granted : undefined;
}

/** The operation is done, and its answer has been handed over where there is one. A reader that takes none of it is cut off. */
export function endWithAnswer({ request, response, loan }: Borrower): void {
  if (loan === undefined) return;
  const { socket } = request;
  if (response.closed || socket.destroyed) return loan.end();
  const client: Client = { traffic: () => trafficOf(socket), cutOff: () => socket.destroy() };
  loan.awaits(client);
  response.once("close", () => loan.end());
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
