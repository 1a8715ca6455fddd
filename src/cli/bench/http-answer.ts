/**
 * Reads HTTP/1.1 answers (RFC 9112) of one connection, one after the other, as far as a load needs them: the status, whether the
 * connection stays open, and the body where it tells of an error. Bodies of what went well are counted, not kept.
 */

const HEAD_BYTES_MAX = 64 * 1024;
/** More of a body is not kept. */
const BODY_BYTES_MAX = 64 * 1024;
const END_OF_HEAD = "\r\n\r\n";

export class BadAnswer extends Error {}

export class HttpAnswerReader {
  status = 0;
  /** The server closes the connection behind this answer. */
  isLast = false;
  #body = "";
  /** What was received of a head, or of a chunked body, and is not whole yet. */
  #rest: Buffer | undefined;
  /** Bytes of the body that are still to come; -1: the head is not whole yet, -2: in chunks. */
  #left = -1;

  /** The body of an answer with a status of 400 or more, as latin1. */
  get body(): string {
    return this.#body;
  }

  /** Takes in bytes; true once an answer is whole. Throws `BadAnswer` for what is none, or for more than one. */
  push(bytes: Buffer): boolean {
    let unread = bytes;
    if (this.#rest !== undefined) {
      unread = Buffer.concat([this.#rest, bytes]);
      this.#rest = undefined;
    }
    while (this.#left === -1) {
      const end = unread.indexOf(END_OF_HEAD);
      if (end < 0) {
        if (unread.length > HEAD_BYTES_MAX) throw new BadAnswer("the head of an answer is too long");
        this.#rest = unread;
        return false;
      }
      this.#readHead(unread.toString("latin1", 0, end + 2));
      unread = unread.subarray(end + END_OF_HEAD.length);
    }
    return this.#left === -2 ? this.#readChunks(unread) : this.#readBody(unread);
  }

  #readHead(head: string): void {
    const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(head)?.[1];
    if (status === undefined) throw new BadAnswer("that is no HTTP");
    this.status = Number(status);
    this.#body = "";
    // An interim answer: the real one follows.
    if (this.status < 200) return;
    this.isLast = /\r\nconnection: *close\r\n/i.test(head) || head.startsWith("HTTP/1.0");
    if (this.status === 204 || this.status === 304) this.#left = 0;
    else if (/\r\ntransfer-encoding:.*chunked/i.test(head)) this.#left = -2;
    else {
      const length = /\r\ncontent-length: *(\d{1,15})\r\n/i.exec(head)?.[1];
      if (length === undefined) throw new BadAnswer("an answer does not say how long it is");
      this.#left = Number(length);
    }
  }

  #readBody(bytes: Buffer): boolean {
    if (bytes.length > this.#left) throw new BadAnswer("more came than was asked for");
    this.#left -= bytes.length;
    this.#keep(bytes);
    if (this.#left > 0) return false;
    this.#left = -1;
    return true;
  }

  #readChunks(bytes: Buffer): boolean {
    let at = 0;
    for (;;) {
      const end = bytes.indexOf("\r\n", at);
      const size = end < 0 ? "" : (/^[0-9a-f]{1,8}(?=;|$)/i.exec(bytes.toString("latin1", at, end))?.[0] ?? "none");
      if (size === "none") throw new BadAnswer("that is no chunk");
      const start = end + 2;
      const stop = size === "" ? Infinity : start + Number.parseInt(size, 16);
      if (stop + 2 > bytes.length) {
        this.#rest = bytes.subarray(at);
        return false;
      }
      if (stop === start) {
        if (bytes.length > stop + 2) throw new BadAnswer("more came than was asked for");
        this.#left = -1;
        return true;
      }
      this.#keep(bytes.subarray(start, stop));
      at = stop + 2;
    }
  }

  #keep(bytes: Buffer): void {
    if (this.status < 400 || this.#body.length >= BODY_BYTES_MAX) return;
    this.#body += bytes.toString("latin1");
  }
}

/** The code of a problem (RFC 9457), or one made of the status. */
export function codeOf(status: number, body: string): string {
  const code = /"code" *: *"([A-Z][A-Z0-9_]{0,63})"/.exec(body)?.[1];
  return code ?? `HTTP_${status}`;
}
