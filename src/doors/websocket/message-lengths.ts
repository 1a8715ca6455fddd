/**
 * How long the messages are that come over a WebSocket, told as soon as the heads of their frames are here: before their bytes are
 * taken. It reads the same bytes as `ws`, which tells of a message once it is whole (RFC 6455, section 5.2).
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

export class MessageLengths {
  readonly #longBytesMin: number;
  /** A message has come to be long, or longer: by so many bytes, all that it has so far where it is told of for the first time. */
  readonly #tell: (bytes: number, isFirst: boolean) => void;
  readonly #head: number[] = [];
  #headBytes = HEAD_BYTES_MIN;
  /** Of the frame under way. */
  #payloadLeft = 0;
  /** Of the message under way, as far as its frames have been seen, and what was told of it. */
  #messageBytes = 0;
  #toldBytes = 0;

  constructor(longBytesMin: number, tell: (bytes: number, isFirst: boolean) => void) {
    this.#longBytesMin = longBytesMin;
    this.#tell = tell;
  }

  /** What came from the socket, all of it, in order. */
  receive(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const skipped = Math.min(this.#payloadLeft, chunk.length - at);
      this.#payloadLeft -= skipped;
      at += skipped;
      if (at === chunk.length) return;
      this.#head.push(chunk[at++] as number);
      if (this.#head.length === HEAD_BYTES_MIN) this.#headBytes = headBytesOf(this.#head);
      if (this.#head.length === this.#headBytes) this.#frame();
    }
  }

  #frame(): void {
    const [first = 0] = this.#head;
    this.#payloadLeft = payloadBytesOf(this.#head);
    this.#head.length = 0;
    this.#headBytes = HEAD_BYTES_MIN;
    if ((first & OPCODE & CONTROL) !== 0) return;
    this.#messageBytes += this.#payloadLeft;
    if (this.#messageBytes >= this.#longBytesMin) {
      const told = this.#toldBytes;
      this.#toldBytes = this.#messageBytes;
      if (this.#messageBytes > told) this.#tell(this.#messageBytes - told, told === 0);
    }
    if ((first & FINAL) === 0) return;
    this.#messageBytes = 0;
    this.#toldBytes = 0;
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
