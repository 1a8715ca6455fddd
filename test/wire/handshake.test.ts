import { createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadBytes } from "../../src/base/bytes.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import {
  commonVersion,
  HANDSHAKE_BYTES_MAX,
  Handshake,
  type HandshakeOutcome,
  type HandshakeSetup,
  type Hmac,
} from "../../src/wire/handshake.ts";
import {
  checkFacts,
  decodeHandshake,
  encodeHello,
  encodeRefused,
  type Hello,
  type ProvedFacts,
  type Role,
} from "../../src/wire/handshake-message.ts";

interface EndOptions extends Partial<Omit<Hello, "role">> {
  readonly secret?: string;
  readonly facts?: ProvedFacts;
  readonly turnAway?: HandshakeSetup["turnAway"];
  readonly isOwnNonce?: HandshakeSetup["isOwnNonce"];
  readonly admit?: HandshakeSetup["admit"];
}

function hmacUnder(secret: string): Hmac {
  return (parts) => {
    const hmac = createHmac("sha256", secret);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  };
}

function setupOf(role: Role, options: EndOptions = {}): HandshakeSetup {
  const { secret = "one secret for all", facts, turnAway, isOwnNonce, admit, ...hello } = options;
  const id = (role === "dialler" ? "d" : "a") as ReplicaId;
  return {
    hello: {
      role,
      versions: { min: 1, max: 1 },
      cluster: "reef",
      shards: 256,
      id,
      processNumber: role === "dialler" ? 11 : 12,
      attempt: role === "dialler" ? 7 : 0,
      nonce: randomBytes(32),
      compressRegions: false,
      ...hello,
    },
    facts: facts ?? { life: 3, region: "eu", address: "10.0.0.1:7400" },
    hmac: hmacUnder(secret),
    equal: (a, b) => Buffer.compare(a, b) === 0,
    turnAway: turnAway ?? (() => undefined),
    isOwnNonce: isOwnNonce ?? (() => false),
    admit: admit ?? (() => undefined),
  };
}

interface Exchange {
  readonly dialler: HandshakeOutcome | undefined;
  readonly acceptor: HandshakeOutcome | undefined;
  /** What each end sent, in order. */
  readonly sent: readonly { readonly by: Role; readonly bytes: Uint8Array }[];
}

/** Lets two ends talk until they are silent; `onTheWay` may change what is carried. */
function talk(dial: HandshakeSetup, accept: HandshakeSetup, onTheWay = (bytes: Uint8Array) => bytes): Exchange {
  const ends = { dialler: new Handshake(dial), acceptor: new Handshake(accept) };
  const outcomes: Partial<Record<Role, HandshakeOutcome>> = {};
  const sent: { by: Role; bytes: Uint8Array }[] = [];
  const queue = ends.dialler.start().send.map((bytes) => ({ by: "dialler" as Role, bytes }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    sent.push(next);
    const to: Role = next.by === "dialler" ? "acceptor" : "dialler";
    const step = ends[to].receive(onTheWay(next.bytes));
    if (step.outcome !== undefined) outcomes[to] = step.outcome;
    queue.push(...step.send.map((bytes) => ({ by: to, bytes })));
  }
  return { dialler: outcomes.dialler, acceptor: outcomes.acceptor, sent };
}

function codeOf(outcome: HandshakeOutcome | undefined): string {
  if (outcome === undefined) return "waiting";
  return outcome.type === "linked" ? "linked" : outcome.code;
}

function codes(exchange: Exchange): readonly [string, string] {
  return [codeOf(exchange.dialler), codeOf(exchange.acceptor)];
}

describe("handshake", () => {
  test("links two replicas that share cluster, shards, version and secret, and tells each who the other is", () => {
    const facts = { life: 12, region: "us", address: "[::1]:7400" };
    const exchange = talk(setupOf("dialler", { facts }), setupOf("acceptor"));
    expect(exchange.acceptor).toEqual({
      type: "linked",
      version: 1,
      compresses: false,
      peer: { id: "d", processNumber: 11, attempt: 7, ...facts },
    });
    expect(exchange.dialler).toMatchObject({ type: "linked", version: 1, peer: { id: "a", attempt: 7, life: 3 } });
  });

  test("takes four messages, each under 1 KiB", () => {
    const { sent } = talk(setupOf("dialler"), setupOf("acceptor"));
    expect(sent.map((message) => message.by)).toEqual(["dialler", "acceptor", "dialler", "acceptor"]);
    expect(sent.every((message) => message.bytes.length < HANDSHAKE_BYTES_MAX)).toBe(true);
  });

  const refusals: readonly [string, EndOptions, EndOptions, string][] = [
    ["another cluster", { cluster: "x" }, { cluster: "y" }, "PEER_OTHER_CLUSTER"],
    ["another number of shards", { shards: 64 }, { shards: 256 }, "PEER_OTHER_SHARDS"],
    ["no common version", { versions: { min: 1, max: 2 } }, { versions: { min: 3, max: 4 } }, "PEER_NO_COMMON_VERSION"],
    ["another secret", { secret: "x" }, { secret: "y" }, "PEER_BAD_SECRET"],
    ["no secret at the dialler", { secret: "" }, { secret: "y" }, "PEER_BAD_SECRET"],
    ["no secret at the acceptor", { secret: "x" }, { secret: "" }, "PEER_BAD_SECRET"],
    ["one id for two", { id: "z" as ReplicaId }, { id: "z" as ReplicaId }, "PEER_DUPLICATE_ID"],
    ["ourselves", {}, { isOwnNonce: () => true }, "PEER_SELF"],
    ["an acceptor that will not", {}, { admit: () => ({ code: "PEER_REPLACED", message: "no" }) }, "PEER_REPLACED"],
  ];
  test.each(refusals)("refuses %s, and both ends know why", (_, dial, accept, code) => {
    const exchange = talk(setupOf("dialler", dial), setupOf("acceptor", accept));
    expect(codes(exchange)).toEqual([code, code]);
    expect(exchange.acceptor).toMatchObject({ byPeer: false });
    expect(exchange.dialler).toMatchObject({ byPeer: true });
  });

  test("is broken off by a dialler that has a link to who answers, before it proves anything", () => {
    const isThere = { code: "PEER_REPLACED", message: "a link is there" } as const;
    const exchange = talk(
      setupOf("dialler", {
        turnAway: ({ id, processNumber }) => (id === "a" && processNumber === 12 ? isThere : undefined),
      }),
      setupOf("acceptor", { turnAway: () => isThere }),
    );
    expect(codes(exchange)).toEqual(["PEER_REPLACED", "PEER_REPLACED"]);
    expect(exchange.sent.map(({ bytes }) => decodeHandshake(bytes).type)).toEqual(["hello", "hello", "refused"]);
  });

  test("works without a secret on either side", () => {
    expect(codes(talk(setupOf("dialler", { secret: "" }), setupOf("acceptor", { secret: "" })))).toEqual([
      "linked",
      "linked",
    ]);
  });

  test("leaves the last word to the dialler when the acceptor is already linked", () => {
    const admit = () => ({ code: "UNREACHABLE", message: "blocked" }) as const;
    const exchange = talk(setupOf("dialler", { admit }), setupOf("acceptor"));
    expect(codes(exchange)).toEqual(["UNREACHABLE", "linked"]);
    expect(exchange.sent).toHaveLength(4);
  });

  const ranges: readonly [number, number, number, number, number | undefined][] = [
    [1, 1, 1, 1, 1],
    [1, 2, 1, 1, 1],
    [1, 1, 1, 2, 1],
    [1, 3, 2, 5, 3],
    [2, 5, 1, 3, 3],
    [1, 9, 4, 4, 4],
    [4, 4, 1, 9, 4],
    [1, 2, 3, 4, undefined],
    [3, 4, 1, 2, undefined],
    [5, 9, 5, 9, 9],
  ];
  test.each(ranges)("of versions %i-%i and %i-%i uses %s", (aMin, aMax, bMin, bMax, version) => {
    const a = { min: aMin, max: aMax };
    const b = { min: bMin, max: bMax };
    expect(commonVersion(a, b)).toBe(version);
    const { dialler, acceptor } = talk(setupOf("dialler", { versions: a }), setupOf("acceptor", { versions: b }));
    for (const end of [dialler, acceptor]) {
      expect(end?.type === "linked" ? end.version : undefined).toBe(version);
    }
  });
});

describe("attacks on the handshake", () => {
  test("a proof from an earlier session is worth nothing in the next", () => {
    const first = talk(setupOf("dialler"), setupOf("acceptor")).sent;
    const victim = new Handshake(setupOf("acceptor"));
    victim.receive(first[0]?.bytes as Uint8Array);
    expect(codeOf(victim.receive(first[2]?.bytes as Uint8Array).outcome)).toBe("PEER_BAD_SECRET");
  });

  test("an acceptor's old answers are worth nothing to a dialler", () => {
    const first = talk(setupOf("dialler"), setupOf("acceptor")).sent;
    const victim = new Handshake(setupOf("dialler"));
    victim.start();
    victim.receive(first[1]?.bytes as Uint8Array);
    expect(codeOf(victim.receive(first[3]?.bytes as Uint8Array).outcome)).toBe("PEER_BAD_SECRET");
  });

  test("a dialler's own hello and proof sent back to it do not prove anything", () => {
    const victim = new Handshake(setupOf("dialler"));
    const [hello] = victim.start().send;
    expect(codeOf(victim.receive(hello as Uint8Array).outcome)).toBe("PEER_BAD_FRAME");
    const other = new Handshake(setupOf("dialler"));
    other.start();
    const [proof] = other.receive(encodeHello(setupOf("acceptor").hello)).send;
    expect(codeOf(other.receive(proof as Uint8Array).outcome)).toBe("PEER_BAD_SECRET");
  });

  test("what an acceptor proves does not pass for a dialler's proof", () => {
    // The attacker answers D's dial with A's hello, which it got by dialling A with D's hello, and hands D's proof to A.
    const { sent } = talk(setupOf("dialler"), setupOf("acceptor"));
    const victim = new Handshake(setupOf("acceptor"));
    victim.receive(sent[0]?.bytes as Uint8Array);
    expect(codeOf(victim.receive(sent[3]?.bytes as Uint8Array).outcome)).toBe("PEER_BAD_SECRET");
  });

  test("two replicas are not talked down to an older version", () => {
    const versions = { min: 1, max: 2 };
    const lowered = (bytes: Uint8Array) => {
      const message = decodeHandshake(bytes);
      return message.type === "hello" ? encodeHello({ ...message.hello, versions: { min: 1, max: 1 } }) : bytes;
    };
    const exchange = talk(setupOf("dialler", { versions }), setupOf("acceptor", { versions }), lowered);
    expect(codes(exchange)).toEqual(["PEER_BAD_SECRET", "PEER_BAD_SECRET"]);
  });

  test("no byte of a message can be changed on the way without the handshake failing", () => {
    const lengths = talk(setupOf("dialler"), setupOf("acceptor")).sent.map((message) => message.bytes.length);
    for (const [turn, length] of lengths.entries()) {
      for (let at = 0; at < length; at++) {
        let count = 0;
        const flip = (bytes: Uint8Array) => {
          if (count++ !== turn) return bytes;
          const changed = bytes.slice();
          changed[at] = (changed[at] ?? 0) ^ 1;
          return changed;
        };
        const { dialler, acceptor } = talk(setupOf("dialler"), setupOf("acceptor"), flip);
        expect(dialler?.type === "linked" && acceptor?.type === "linked", `byte ${at} of message ${turn}`).toBe(false);
      }
    }
  });

  test("a stranger learns neither life, region nor address, and gets no proof to guess the secret from", () => {
    const facts = { life: 77, region: "secret-region", address: "secret-host:1" };
    const victim = new Handshake(setupOf("acceptor", { facts }));
    const stranger = new Handshake(setupOf("dialler", { secret: "guess" }));
    const [hello] = stranger.start().send;
    const answer = victim.receive(hello as Uint8Array);
    const [proof] = stranger.receive(answer.send[0] as Uint8Array).send;
    const last = victim.receive(proof as Uint8Array);
    const told = Buffer.concat([...answer.send, ...last.send]).toString("latin1");
    expect(told).not.toContain("secret-");
    expect(decodeHandshake(last.send[0] as Uint8Array).type).toBe("refused");
  });

  test("a stranger who cannot name the cluster learns nothing of it", () => {
    const victim = new Handshake(setupOf("acceptor", { cluster: "hidden-reef", id: "hidden-id" as ReplicaId }));
    const step = victim.receive(encodeHello({ ...setupOf("dialler").hello, cluster: "guess" }));
    expect(Buffer.concat(step.send).toString("latin1")).not.toContain("hidden");
  });

  test("a message out of turn is refused", () => {
    const { sent } = talk(setupOf("dialler"), setupOf("acceptor"));
    const hello = sent[0]?.bytes as Uint8Array;
    const proof = sent[2]?.bytes as Uint8Array;
    expect(codeOf(new Handshake(setupOf("acceptor")).receive(proof).outcome)).toBe("PEER_BAD_FRAME");
    const twice = new Handshake(setupOf("acceptor"));
    twice.receive(hello);
    expect(codeOf(twice.receive(hello).outcome)).toBe("PEER_BAD_FRAME");
  });

  test("every truncation of every message is refused", () => {
    for (const { bytes } of talk(setupOf("dialler"), setupOf("acceptor")).sent) {
      for (let length = 0; length < bytes.length; length++) {
        expect(() => decodeHandshake(bytes.subarray(0, length))).toThrow(BadBytes);
      }
    }
  });

  test("an oversize message is refused", () => {
    const hello = encodeHello(setupOf("dialler").hello);
    const padded = new Uint8Array(HANDSHAKE_BYTES_MAX + 1);
    padded.set(hello);
    expect(codeOf(new Handshake(setupOf("acceptor")).receive(padded).outcome)).toBe("PEER_BAD_FRAME");
  });

  test("a hello with fields of a later version is understood, and they are proved", () => {
    const later = (bytes: Uint8Array) => {
      const message = decodeHandshake(bytes);
      return message.type === "hello" ? Uint8Array.of(...bytes, 1, 2, 3) : bytes;
    };
    expect(codes(talk(setupOf("dialler"), setupOf("acceptor"), later))).toEqual(["PEER_BAD_SECRET", "PEER_BAD_SECRET"]);
    const victim = new Handshake(setupOf("acceptor"));
    const step = victim.receive(later(encodeHello(setupOf("dialler").hello)));
    expect(step.outcome).toBeUndefined();
  });

  const wishes: readonly [string, boolean, boolean, string, boolean][] = [
    ["both want it and are in two regions", true, true, "us", true],
    ["both want it and are in one", true, true, "eu", false],
    ["only the dialler wants it", true, false, "us", false],
    ["only the acceptor wants it", false, true, "us", false],
    ["nobody wants it", false, false, "us", false],
  ];
  test.each(wishes)("compression where %s", (_, dialling, accepting, region, compresses) => {
    const facts = { life: 3, region, address: "10.0.0.2:7400" };
    const { dialler, acceptor } = talk(
      setupOf("dialler", { compressRegions: dialling }),
      setupOf("acceptor", { compressRegions: accepting, facts }),
    );
    expect([dialler, acceptor]).toEqual([
      expect.objectContaining({ type: "linked", compresses }),
      expect.objectContaining({ type: "linked", compresses }),
    ]);
  });

  test("a wish that is changed on the way is found out", () => {
    const changed = (bytes: Uint8Array) => {
      const message = decodeHandshake(bytes);
      return message.type === "hello" ? encodeHello({ ...message.hello, compressRegions: true }) : bytes;
    };
    expect(codes(talk(setupOf("dialler"), setupOf("acceptor"), changed))).toEqual([
      "PEER_BAD_SECRET",
      "PEER_BAD_SECRET",
    ]);
  });

  test("a wish of a later version is no wish of this one", () => {
    const bytes = encodeHello(setupOf("dialler").hello);
    bytes[bytes.length - 1] = 0xfe;
    expect(decodeHandshake(bytes)).toMatchObject({ hello: { compressRegions: false } });
  });

  test("whatever comes, the machine answers with a verdict and does not throw", () => {
    const dialled = talk(setupOf("dialler"), setupOf("acceptor")).sent.map((message) => message.bytes);
    const refused = encodeRefused("PEER_SELF", "x");
    const near = fc
      .tuple(fc.constantFrom(...dialled, refused), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([bytes, at, value]) => {
        const changed = bytes.slice();
        changed[at % bytes.length] = value;
        return changed;
      });
    const messages = fc.array(fc.oneof(near, fc.uint8Array({ maxLength: 300 })), { maxLength: 4 });
    fc.assert(
      fc.property(messages, fc.constantFrom<Role>("dialler", "acceptor"), (bytes, role) => {
        const victim = new Handshake(setupOf(role));
        victim.start();
        for (const message of bytes) {
          const { outcome } = victim.receive(message);
          expect(outcome?.type).not.toBe("linked");
        }
      }),
    );
  });

  test("a refusal with an unknown code or text that does not print is not passed on", () => {
    const victim = new Handshake(setupOf("dialler"));
    const step = victim.receive(encodeRefused("SOMETHING_NEW" as "PEER_SELF", "why"));
    expect(step.outcome).toMatchObject({ type: "refused", code: "UNREACHABLE" });
    const other = new Handshake(setupOf("dialler"));
    expect(codeOf(other.receive(encodeRefused("PEER_SELF", "\x1b[2J")).outcome)).toBe("PEER_BAD_FRAME");
    const inherited = new Handshake(setupOf("dialler"));
    expect(codeOf(inherited.receive(encodeRefused("constructor" as "PEER_SELF", "x")).outcome)).toBe("UNREACHABLE");
  });

  test("facts that cannot be carried are refused at the start", () => {
    const facts = { life: 1, region: "eu", address: "h:1" };
    expect(() => checkFacts({ cluster: "reef", shards: 256 }, facts)).not.toThrow();
    expect(() => checkFacts({ cluster: "riff\n", shards: 256 }, facts)).toThrow(/cluster name/);
    expect(() => checkFacts({ cluster: "reef", shards: 0 }, facts)).toThrow(/shards/);
    expect(() => checkFacts({ cluster: "reef", shards: 1 }, { ...facts, region: "é" })).toThrow(/region/);
    expect(() => checkFacts({ cluster: "reef", shards: 1 }, { ...facts, address: "a".repeat(263) })).toThrow(/address/);
  });
});
