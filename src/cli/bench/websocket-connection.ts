/** A WebSocket that carries one request at a time, as JSON. */

import { WebSocket } from "ws";
import { isObject } from "../../client/answer.ts";
import { type Answered, errorCode, type LoadConnection, type LoadTarget } from "./load-connection.ts";
import type { OperationType } from "./operation-mix.ts";

export class WebSocketConnection implements LoadConnection {
  readonly #target: LoadTarget;
  readonly #behind: Readonly<Record<OperationType, string>>;
  readonly #prefix: string;
  #socket: WebSocket | undefined;
  #answered: Answered | undefined;
  #id = 0;

  constructor(target: LoadTarget) {
    this.#target = target;
    // Without its end quote, behind which the number of the key comes.
    this.#prefix = JSON.stringify(target.prefix).slice(0, -1);
    this.#behind = { get: '"}', put: `","value":${JSON.stringify(target.value)}}`, delete: '"}' };
  }

  send(type: OperationType, key: number, answered: Answered): void {
    this.#answered = answered;
    this.#id++;
    const message = `{"id":${this.#id},"op":"${type}","key":${this.#prefix}${key}${this.#behind[type]}`;
    if (this.#socket === undefined) this.#connect(message);
    else this.#socket.send(message);
  }

  abort(code: string): void {
    this.#fail(code);
  }

  close(): void {
    this.#socket?.terminate();
    this.#socket = undefined;
  }

  #connect(first: string): void {
    const { url, keyspace, token, ca } = this.#target;
    const space = keyspace === undefined ? "/v1" : `/v1/keyspaces/${encodeURIComponent(keyspace)}`;
    const path = `${url.pathname.replace(/\/$/, "")}${space}/ws`;
    const socket = new WebSocket(`${url.origin.replace(/^http/, "ws")}${path}`, "atoll.v1.json", {
      perMessageDeflate: false,
      ...(ca === undefined ? {} : { ca }),
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    });
    this.#socket = socket;
    const ifPresent = (then: () => void) => () => {
      if (this.#socket === socket) then();
    };
    socket.on(
      "open",
      ifPresent(() => socket.send(first)),
    );
    socket.on("message", (data) => {
      if (this.#socket === socket) this.#receive(String(data));
    });
    socket.on("unexpected-response", (_request, response) => {
      if (this.#socket === socket) this.#fail(`HTTP_${response.statusCode}`);
    });
    socket.on("error", (error) => {
      if (this.#socket === socket) this.#fail(errorCode(error));
    });
    socket.on(
      "close",
      ifPresent(() => this.#fail("CONNECTION_CLOSED")),
    );
  }

  #receive(text: string): void {
    const answer = parse(text);
    if (!isObject(answer) || answer.id !== this.#id) return this.#fail("BAD_ANSWER");
    if (answer.ok !== true) return this.#answer(String(answer.code), false, false);
    this.#answer(undefined, answer.found === false, false);
  }

  #fail(code: string): void {
    this.close();
    this.#answer(code, false, true);
  }

  #answer(error: string | undefined, isMiss: boolean, isBroken: boolean): void {
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(error, isMiss, isBroken);
  }
}

/** Undefined for what is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
