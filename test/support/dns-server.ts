/**
 * A DNS server on loopback that answers with the records it is given (RFC 1035; SRV as in RFC 2782), for processes that are
 * told to ask it. One question a query; a name without records does not exist.
 */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";

export type DnsRecord =
  | { readonly type: "A" | "AAAA"; readonly address: string }
  | { readonly type: "SRV"; readonly host: string; readonly port: number };

const TYPES = { A: 1, AAAA: 28, SRV: 33 } as const;
const CLASS_IN = 1;
const RESPONSE = 0x8180;
const NO_SUCH_NAME = 3;
const HEADER_BYTES = 12;
/** Points back at the name in the question. */
const NAME_OF_QUESTION = 0xc000 + HEADER_BYTES;

export class DnsServer {
  readonly #socket = createSocket("udp4");
  readonly #recordsByName = new Map<string, readonly DnsRecord[]>();
  /** Names asked for, with the number of the record type. */
  readonly asked: string[] = [];
  /** Queries, answered or not. */
  heard = 0;
  #waiting: (() => void)[] | undefined;

  async listen(): Promise<void> {
    this.#socket.on("message", (query, from) => {
      this.heard++;
      const answer = () => this.#socket.send(this.#answer(query), from.port, from.address);
      if (this.#waiting === undefined) answer();
      else this.#waiting.push(answer);
    });
    this.#socket.bind(0, "127.0.0.1");
    await once(this.#socket, "listening");
  }

  set(name: string, records: readonly DnsRecord[]): void {
    this.#recordsByName.set(name, records);
  }

  /** Answers nobody until `release`. */
  hold(): void {
    this.#waiting ??= [];
  }

  release(): void {
    for (const answer of this.#waiting ?? []) answer();
    this.#waiting = undefined;
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** For a process of Node that is to ask this server and no other. */
  get environment(): Readonly<Record<string, string>> {
    const servers = JSON.stringify([this.address]);
    const program = `import { setServers } from "node:dns"; setServers(${servers});`;
    return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}` };
  }

  close(): void {
    this.#socket.close();
  }

  #answer(query: Buffer): Buffer {
    const { name, type, end } = readQuestion(query);
    this.asked.push(`${name} ${type}`);
    const records = this.#recordsByName.get(name) ?? [];
    const answers = records.filter((record) => TYPES[record.type] === type).map(encodeRecord);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(query.readUInt16BE(0), 0);
    header.writeUInt16BE(RESPONSE | (records.length === 0 ? NO_SUCH_NAME : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...answers]);
  }
}

function readQuestion(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function encodeRecord(record: DnsRecord): Buffer {
  const data = record.type === "SRV" ? encodeService(record) : encodeAddress(record.address);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(NAME_OF_QUESTION, 0);
  head.writeUInt16BE(TYPES[record.type], 2);
  head.writeUInt16BE(CLASS_IN, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

/** Priority and weight 0. */
function encodeService({ host, port }: { readonly host: string; readonly port: number }): Buffer {
  const labels = host.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label, "latin1")]));
  return Buffer.concat([Buffer.from([0, 0, 0, 0, port >> 8, port & 255]), ...labels, Buffer.from([0])]);
}

/** An IPv6 address may have one `::`. */
function encodeAddress(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  const [left = [], right = []] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const groups = [...left, ...Array(8 - left.length - right.length).fill("0"), ...right];
  return Buffer.concat(groups.map((group) => Buffer.from(group.padStart(4, "0"), "hex")));
}
