import { describe, expect, it } from "vitest";
import { BadAnswer, codeOf, HttpAnswerReader } from "../../../src/cli/bench/http-answer.ts";

const OK = "HTTP/1.1 200 OK\r\nETag: x\r\ncontent-length: 5\r\n\r\nhello";
const NONE = "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n";
const PROBLEM = '{"title":"x","code":"NOT_READY"}';
const FAILED = `HTTP/1.1 503 Service Unavailable\r\nContent-Length: ${PROBLEM.length}\r\nConnection: close\r\n\r\n${PROBLEM}`;
const CHUNKS = `HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n`;
const INTERIM = `HTTP/1.1 100 Continue\r\n\r\n${OK}`;

/** What a reader says of an answer that comes in these pieces. */
function read(reader: HttpAnswerReader, ...pieces: readonly string[]) {
  const whole = pieces.map((piece) => reader.push(Buffer.from(piece, "latin1")));
  return { whole, status: reader.status, isLast: reader.isLast, body: reader.body };
}

describe("a reader of answers", () => {
  it.each([
    ["with a length", OK, { status: 200, isLast: false, body: "" }],
    ["without a body", NONE, { status: 204, isLast: false, body: "" }],
    ["that is an error", FAILED, { status: 503, isLast: true, body: PROBLEM }],
    ["in chunks", CHUNKS, { status: 500, isLast: false, body: "hello0123456789" }],
    ["behind an interim one", INTERIM, { status: 200, isLast: false, body: "" }],
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", { status: 200, isLast: true, body: "" }],
  ])("reads one %s, cut wherever, and the next one on the same connection", (_name, text, expected) => {
    for (let cut = 0; cut <= text.length; cut++) {
      const reader = new HttpAnswerReader();
      const { whole, ...told } = read(reader, ...[text.slice(0, cut), text.slice(cut)].filter((piece) => piece !== ""));
      expect(told).toEqual(expected);
      expect(whole.at(-1)).toBe(true);
      expect(whole.filter((each) => each)).toHaveLength(1);
      expect(read(reader, NONE)).toMatchObject({ whole: [true], status: 204, body: "" });
    }
    const bytes = new HttpAnswerReader();
    const { whole, ...told } = read(bytes, ...text);
    expect(told).toEqual(expected);
    expect(whole.indexOf(true)).toBe(text.length - 1);
  });

  it.each([
    ["no HTTP", "SSH-2.0-OpenSSH\r\n\r\n"],
    ["one without a length", "HTTP/1.1 200 OK\r\n\r\n"],
    ["one and the beginning of another", `${OK}H`],
    ["chunks that are none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
    ["chunks with something behind them", `${CHUNKS}H`],
    ["a head without end", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}`],
  ])("refuses %s", (_name, text) => {
    expect(() => read(new HttpAnswerReader(), text)).toThrow(BadAnswer);
  });

  it("keeps nothing of a body that tells of no error, and not too much of one that does", () => {
    const long = "x".repeat(1_000_000);
    const answer = (status: number) => `HTTP/1.1 ${status} x\r\nContent-Length: ${long.length}\r\n\r\n`;
    const pieces = long.match(/.{1,50000}/g) ?? [];
    expect(read(new HttpAnswerReader(), answer(200), ...pieces).body).toBe("");
    expect(read(new HttpAnswerReader(), answer(500), ...pieces).body.length).toBeLessThan(200_000);
  });
});

it("names an error by the code of its problem, else by its status", () => {
  expect(codeOf(503, PROBLEM)).toBe("NOT_READY");
  expect(codeOf(502, "<html>Bad Gateway</html>")).toBe("HTTP_502");
  expect(codeOf(400, '{"code": "nonsense"}')).toBe("HTTP_400");
});
