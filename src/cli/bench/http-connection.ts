/**
 * A connection that is kept alive, over bare sockets: `node:http` takes several times as long for a request as a replica does,
 * and what is measured would be the client.
 */

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { keyFromText } from "../../base/key.ts";
import { encodePercent } from "../../client/percent.ts";
import { BadAnswer, codeOf, HttpAnswerReader } from "./http-answer.ts";
import { type Answered, errorCode, type LoadConnection, type LoadTarget } from "./load-connection.ts";
import type { OperationType } from "./operation-mix.ts";

export class HttpConnection implements LoadConnection {
  readonly #target: LoadTarget;
  /** Request lines up to the number of the key, and what follows that. */
  readonly #before: Readonly<Record<OperationType, string>>;
  readonly #behind: Readonly<Record<OperationType, string>>;
  #socket: Socket | undefined;
  #answered: Answered | undefined;
  #type: OperationType = "get";

  constructor(target: LoadTarget) {
    this.#target = target;
    const { url, keyspace, token, prefix, value } = target;
    const space = keyspace === undefined ? "/v1" : `/v1/keyspaces/${encodeURIComponent(keyspace)}`;
    const path = `${url.pathname.replace(/\/$/, "")}${space}/kv/${encodePercent(keyFromText(prefix))}`;
    const shown = token === undefined ? "" : `Authorization: Bearer ${token}\r\n`;
    const head = ` HTTP/1.1\r\nHost: ${url.host}\r\n${shown}`;
    this.#before = { get: `GET ${path}`, put: `PUT ${path}`, delete: `DELETE ${path}` };
    const body = `Content-Type: text/plain\r\nContent-Length: ${value.length}\r\n\r\n${value}`;
    this.#behind = { get: `${head}\r\n`, put: `${head}${body}`, delete: `${head}\r\n` };
  }

  send(type: OperationType, key: number, answered: Answered): void {
    this.#answered = answered;
    this.#type = type;
    this.#socket ??= this.#connect();
    this.#socket.write(`${this.#before[type]}${key}${this.#behind[type]}`, "latin1");
  }

  abort(code: string): void {
    this.#fail(code);
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #connect(): Socket {
    const { url, ca } = this.#target;
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
    const names = /^[0-9.]+$|:/.test(host) ? {} : { servername: host };
    const socket =
      url.protocol === "https:"
        ? connectTls({ host, port, ...names, ...(ca === undefined ? {} : { ca }) })
        : connectTcp({ host, port });
    socket.setNoDelay(true);
    const reader = new HttpAnswerReader();
    socket.on("data", (bytes: Buffer) => {
      if (this.#socket === socket) this.#receive(reader, bytes);
    });
    socket.on("error", (error) => {
      if (this.#socket === socket) this.#fail(errorCode(error));
    });
    socket.on("close", () => {
      if (this.#socket === socket) this.#fail("CONNECTION_CLOSED");
    });
    return socket;
  }

  #receive(reader: HttpAnswerReader, bytes: Buffer): void {
    try {
      if (this.#answered === undefined) throw new BadAnswer("nothing was asked");
      if (!reader.push(bytes)) return;
    } catch (error) {
      if (!(error instanceof BadAnswer)) throw error;
      return this.#fail("BAD_ANSWER");
    }
    if (reader.isLast) this.close();
    const { status, body } = reader;
    if (status < 300) return this.#answer(undefined, false, false);
    const code = codeOf(status, body);
    if (code === "NOT_FOUND" && this.#type === "get") this.#answer(undefined, true, false);
    else this.#answer(code, false, false);
  }

  /** What was under way is lost with the socket. */
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
