/**
 * How long the messages are that come over a WebSocket, told as soon as the heads of their frames are here: before their bytes are
 * taken. Of one that is whole by then nobody is told, and whoever stops reading when told hears of one at a time. It reads the same
 * bytes as `ws`, which tells of a message once it is whole (RFC 6455, section 5.2).
 */

const HEAD_BYTES_MIN = 2;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const FINAL = 0x80;
const OPCODE = 0x0f;
const CONTROL = 0x08;
const MASKED = 0x80;
const MASK_BYTES = 4;
const TWO_32 = 4294967296;

export interface MessageLengthsOptions {
  readonly longBytesMin: number;
  /** Of what is longer nobody is told: `ws` refuses it. */
  readonly bytesMax: number;
}

export class MessageLengths {
  readonly #longBytesMin: number;
  readonly #bytesMax: number;
  readonly #head: number[] = [];
  #headBytes = HEAD_BYTES_MIN;
  /** Of the frame under way. */
  #payloadLeft = 0;
  #isMessageEnd = false;
  /** Of the message under way, as far as its frames have been seen. */
  #messageBytes = 0;
  /** What it comes to, from when it is known to be long until somebody is told, or all of it is here. */
  #untold: number | undefined;
  #isKnown = false;

  constructor({ longBytesMin, bytesMax }: MessageLengthsOptions) {
    this.#longBytesMin = longBytesMin;
    this.#bytesMax = bytesMax;
  }

  /**
   * Takes what came from the socket, all of it, in order. Returns the bytes of the long message that is under way at its end, or
   * where more frames of it are to come, what it may come to: once for each message.
   */
  receive(chunk: Uint8Array): number | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#payloadLeft > 0) {
        const skipped = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= skipped;
        at += skipped;
      } else {
        this.#head.push(chunk[at++] as number);
        if (this.#head.length === HEAD_BYTES_MIN) this.#headBytes = headBytesOf(this.#head);
        if (this.#head.length < this.#headBytes) continue;
        this.#frame();
      }
      if (this.#payloadLeft === 0 && this.#isMessageEnd) this.#untold = undefined;
    }
    const told = this.#untold;
    this.#untold = undefined;
    return told;
  }

  #frame(): void {
    const [first = 0] = this.#head;
    this.#payloadLeft = payloadBytesOf(this.#head);
    this.#head.length = 0;
    this.#headBytes = HEAD_BYTES_MIN;
    this.#isMessageEnd = false;
    if ((first & OPCODE & CONTROL) !== 0) return;
    this.#isMessageEnd = (first & FINAL) !== 0;
    this.#messageBytes += this.#payloadLeft;
    const isLong = this.#messageBytes >= this.#longBytesMin && this.#messageBytes <= this.#bytesMax;
    if (isLong && !this.#isKnown) {
      this.#isKnown = true;
      this.#untold = this.#isMessageEnd ? this.#messageBytes : this.#bytesMax;
    }
    if (!this.#isMessageEnd) return;
    this.#messageBytes = 0;
    this.#isKnown = false;
  }
}

function headBytesOf([, second = 0]: readonly number[]): number {
  const length = second & ~MASKED;
  const lengthBytes = length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0;
  return HEAD_BYTES_MIN + lengthBytes + ((second & MASKED) === 0 ? 0 : MASK_BYTES);
}

function payloadBytesOf(head: readonly number[]): number {
  const length = (head[1] ?? 0) & ~MASKED;
  if (length < LENGTH_16) return length;
  const view = new DataView(Uint8Array.from(head).buffer);
  return length === LENGTH_16 ? view.getUint16(2) : view.getUint32(2) * TWO_32 + view.getUint32(6);
}
