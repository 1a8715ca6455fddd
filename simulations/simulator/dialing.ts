/** How a dial becomes a link: the way there, the checks at both ends, and which of two links of one pair stays. */

import type { ErrorCode } from "../../src/base/errors.ts";
import type { LocalFacts } from "../../src/replica/ports.ts";
import { type LinkClaim, replaces } from "../../src/wire/link-choice.ts";
import { VERSIONS } from "../../src/wire/message.ts";
import { type Connection, Pipe, type Side } from "./connection.ts";
import { exponential } from "./draws.ts";
import type { SimulatedNetwork } from "./network.ts";
import type { Endpoint } from "./transport.ts";

const VERSION = VERSIONS.max;
/** Connecting and the first half of the handshake, in one-way trips. */
const TRIPS_BEFORE_ACCEPT = 3;

interface Dial {
  readonly network: SimulatedNetwork;
  readonly from: Endpoint;
  readonly to: number;
  readonly address: string;
}

/** Tries to reach an address; ends in a link at both ends, or in `dialFailed` at the dialler. */
export function dial(network: SimulatedNetwork, from: Endpoint, address: string): void {
  const to = network.nodeAt(address);
  if (to === undefined) {
    fail({ network, from, to: from.node, address }, network.settings.dialTimeoutMs, "UNREACHABLE");
    return;
  }
  const tripMs = network.paths.quality(from.node, to).latencyMs + exponential(network.options.random, 0.5);
  later({ network, from, to, address }, TRIPS_BEFORE_ACCEPT * tripMs, knock);
}

function knock(dial: Dial): void {
  const { network, from, to } = dial;
  const { paths, settings } = network;
  const acceptor = network.endpointAt(to);
  const tripMs = paths.quality(to, from.node).latencyMs;
  if (paths.isCut(from.node, to) || paths.isCut(to, from.node)) fail(dial, settings.dialTimeoutMs, "UNREACHABLE");
  else if (acceptor === undefined || acceptor.owner.ended) fail(dial, tripMs, "UNREACHABLE");
  else if (acceptor.owner.pausedUntil > network.options.now()) {
    later(dial, acceptor.owner.pausedUntil - network.options.now(), knock);
  } else meet(dial, acceptor, tripMs);
}

function meet(dial: Dial, acceptor: Endpoint, tripMs: number): void {
  const { network, from } = dial;
  const claim = { peerLife: from.facts.life, dialler: from.facts.id, attempt: from.countDial() };
  const existing = acceptor.sideOf(from.facts.id);
  const code =
    from.judge(acceptor.facts) ??
    acceptor.judge(from.facts) ??
    (existing === undefined || replaces(claim, existing.claim) ? undefined : "PEER_REPLACED");
  if (code !== undefined) {
    acceptor.refusedInbound(from.facts, code);
    fail(dial, tripMs, code);
    return;
  }
  const establishedInMs = tripMs + exponential(network.options.random, 0.5);
  const connection = connect(dial, acceptor, claim, establishedInMs);
  if (existing !== undefined) network.closeSide(existing, "replaced by a newer link", 0);
  network.add(connection);
  // First the event that opens the dialler's end: what the acceptor says at once may arrive in the same instant.
  later(dial, establishedInMs, () => establish(dial, connection));
  acceptor.up(connection.acceptor, VERSION);
}

/** The acceptor's answer reaches the dialler: from here on the link is up at both ends, or it goes again. */
function establish(dial: Dial, connection: Connection): void {
  const { network, from } = dial;
  const { dialer, acceptor } = connection;
  if (network.paths.isCut(acceptor.node, dialer.node)) {
    network.closeSide(dialer, "handshake timed out", 0);
    fail(dial, network.settings.dialTimeoutMs, "UNREACHABLE");
    return;
  }
  const existing = from.sideOf(dialer.peer.id);
  const code = whyNot(from, dialer, acceptor, existing);
  if (code !== undefined) {
    network.closeSide(dialer, code, 0);
    from.dialFailed(dial.address, code);
    return;
  }
  if (existing !== undefined) network.closeSide(existing, "replaced by a newer link", 0);
  from.dialDone(dial.address);
  from.up(dialer, VERSION);
}

function whyNot(from: Endpoint, dialer: Side, acceptor: Side, existing: Side | undefined): ErrorCode | undefined {
  if (acceptor.state === "down" || dialer.state === "down") return "UNREACHABLE";
  if (existing !== undefined && !replaces(dialer.claim, existing.claim)) return "PEER_REPLACED";
  return from.judgePeer(dialer.peer.id);
}

function connect(dial: Dial, acceptor: Endpoint, claim: LinkClaim, establishedInMs: number): Connection {
  const { network, from } = dial;
  const now = network.options.now();
  const connection = {} as { dialer: Side; acceptor: Side };
  const shared = { network, connection };
  const dialerClaim = { ...claim, peerLife: acceptor.facts.life };
  connection.dialer = createSide({
    ...shared,
    endpoint: from,
    peer: acceptor.facts,
    peerNode: acceptor.node,
    isDialer: true,
    claim: dialerClaim,
    notBefore: now + establishedInMs,
  });
  connection.acceptor = createSide({
    ...shared,
    endpoint: acceptor,
    peer: from.facts,
    peerNode: from.node,
    isDialer: false,
    claim,
    notBefore: now,
  });
  return connection;
}

function createSide(options: {
  readonly network: SimulatedNetwork;
  readonly connection: Connection;
  readonly endpoint: Endpoint;
  readonly peer: LocalFacts;
  readonly peerNode: number;
  readonly isDialer: boolean;
  readonly claim: LinkClaim;
  readonly notBefore: number;
}): Side {
  const { network, connection, endpoint, peerNode, isDialer, claim } = options;
  const { id, life, region, address } = options.peer;
  const { queue, now, random, paths } = network.options;
  const inbound = new Pipe(
    {
      queue,
      now,
      random,
      paths,
      from: peerNode,
      to: endpoint.node,
      receiver: endpoint.owner,
      arrive: (bytes, sent) => network.deliver(endpoint, side, bytes, sent),
      closed: ({ reason, code }) => network.closeSide(side, reason, undefined, code),
    },
    options.notBefore,
  );
  const side: Side = {
    connection,
    node: endpoint.node,
    peerNode,
    owner: endpoint.owner,
    isDialer,
    peer: { id, life, region, address },
    claim,
    link: 0,
    upAt: 0,
    state: "opening",
    inbound,
  };
  return side;
}

function fail(dial: Dial, delayMs: number, code: ErrorCode): void {
  later(dial, delayMs, () => dial.from.dialFailed(dial.address, code));
}

function later(dial: Dial, delayMs: number, run: (dial: Dial) => void): void {
  const { queue, now } = dial.network.options;
  queue.schedule(now() + delayMs, dial.from.owner, () => run(dial));
}
