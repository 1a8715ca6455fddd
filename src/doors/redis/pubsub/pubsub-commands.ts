/** Publishing and subscribing, as Redis's clients do it. */

import { latin1FromBytes } from "../../../base/bytes.ts";
import { isMatch } from "../../../base/glob.ts";
import {
  arrayReply,
  bulkReply,
  errorReply,
  integerReply,
  NOTHING,
  type Reply,
  textReply,
} from "../../../command-reply.ts";
import type { CommandFacts, CommandWords } from "../../../command-store.ts";
import type { Connection } from "../connection.ts";
import { type ConnectionCommand, type Extension, RedisError } from "../extension.ts";
import type { PubsubRelay } from "./pubsub-relay.ts";
import { CHANNEL_BYTES_MAX, MESSAGE_BYTES_MAX } from "./pubsub-whisper.ts";
import { CHANNEL, SHARDED, type Subscriber, type Subscriptions } from "./subscriptions.ts";

const ALLOWED = new Set([
  ...["subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe"],
  ...["ping", "quit", "reset"],
]);

/** Of a channel in an answer. */
const CHANNEL_OVERHEAD = 128;

/** Commands that are several, by their second word. */
const CONTAINERS = new Set(["client", "command", "config", "latency", "memory", "object", "pubsub", "script"]);

/** A connection that listens. */
class Listener implements Subscriber {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  heard(topic: string, message: Uint8Array, pattern: string | undefined): void {
    const channel = textReply(topic.slice(1));
    const kind = topic.startsWith(SHARDED) ? "smessage" : "message";
    const head = pattern === undefined ? [textReply(kind)] : [textReply("pmessage"), textReply(pattern)];
    this.#connection.push({ type: "push", items: [...head, channel, bulkReply(message)] });
  }
}

export function pubsubExtension(relay: PubsubRelay, subscriptions: Subscriptions): Extension {
  const listeners = new WeakMap<Connection, Listener>();

  function listenerOf(connection: Connection): Listener {
    const known = listeners.get(connection);
    if (known !== undefined) return known;
    const listener = new Listener(connection);
    listeners.set(connection, listener);
    return listener;
  }

  function countOf(listener: Listener, isSharded: boolean): number {
    const { topics, patterns, sharded } = subscriptions.of(listener);
    return isSharded ? sharded : topics.size - sharded + patterns.size;
  }

  /** Says what has become of a subscription, and what may be asked now. */
  function tell(connection: Connection, listener: Listener, kind: string, name: string | undefined): void {
    const isSharded = kind === "ssubscribe" || kind === "sunsubscribe";
    const items = [
      textReply(kind),
      name === undefined ? NOTHING : textReply(name),
      integerReply(countOf(listener, isSharded)),
    ];
    const { topics, patterns, sharded } = subscriptions.of(listener);
    connection.listensTo = { channels: topics.size - sharded, patterns: patterns.size, sharded };
    connection.gate = topics.size + patterns.size === 0 ? undefined : (facts, words) => gate(connection, facts, words);
    connection.push({ type: "push", items });
  }

  function subscribe(kind: string, subscribeTo: (listener: Listener, name: string) => boolean): ConnectionCommand {
    return (connection, words) => {
      const listener = listenerOf(connection);
      for (let at = 1; at < words.length; at++) {
        const name = nameAt(words, at);
        if (!subscribeTo(listener, name)) throw new RedisError("ERR too many subscriptions");
        tell(connection, listener, kind, name);
      }
      return undefined;
    };
  }

  function unsubscribe(
    kind: string,
    namesOf: (listener: Listener) => readonly string[],
    unsubscribeFrom: (listener: Listener, name: string) => void,
  ): ConnectionCommand {
    return (connection, words) => {
      const listener = listenerOf(connection);
      const names = words.length > 1 ? words.slice(1).map((word) => latin1FromBytes(word)) : namesOf(listener);
      for (const name of names) {
        unsubscribeFrom(listener, name);
        tell(connection, listener, kind, name);
      }
      if (names.length === 0) tell(connection, listener, kind, undefined);
      return undefined;
    };
  }

  function channels(listener: Listener, letter: string): string[] {
    return [...subscriptions.of(listener).topics]
      .filter((topic) => topic.startsWith(letter))
      .map((topic) => topic.slice(1));
  }

  return {
    commands: {
      subscribe: subscribe("subscribe", (listener, name) => relay.subscribe(listener, CHANNEL + name)),
      ssubscribe: subscribe("ssubscribe", (listener, name) => relay.subscribe(listener, SHARDED + name)),
      psubscribe: subscribe("psubscribe", (listener, name) => relay.subscribePattern(listener, name)),
      unsubscribe: unsubscribe(
        "unsubscribe",
        (listener) => channels(listener, CHANNEL),
        (listener, name) => relay.unsubscribe(listener, CHANNEL + name),
      ),
      sunsubscribe: unsubscribe(
        "sunsubscribe",
        (listener) => channels(listener, SHARDED),
        (listener, name) => relay.unsubscribe(listener, SHARDED + name),
      ),
      punsubscribe: unsubscribe(
        "punsubscribe",
        (listener) => [...subscriptions.of(listener).patterns],
        (listener, name) => relay.unsubscribePattern(listener, name),
      ),
      publish: (_connection, words) => publish(relay, words, CHANNEL),
      spublish: (_connection, words) => publish(relay, words, SHARDED),
      pubsub: (connection, words) => pubsub(connection, relay, words),
    },
    closed: (connection) => {
      const listener = listeners.get(connection);
      if (listener === undefined) return;
      relay.forget(listener);
      connection.listensTo = { channels: 0, patterns: 0, sharded: 0 };
      connection.gate = undefined;
    },
  };
}

/** Throws `RedisError`. */
export function publish(relay: PubsubRelay, words: CommandWords, letter: string): Reply {
  const message = words[2] as Uint8Array;
  if (message.length > MESSAGE_BYTES_MAX) {
    throw new RedisError(`ERR a message has at most ${MESSAGE_BYTES_MAX} bytes`);
  }
  // Listeners may be sent it after the bytes of the command have been given back.
  return integerReply(relay.publish(letter + nameAt(words, 1), message.slice()));
}

/** A client of RESP2 cannot tell an answer from a message, so it asks for nothing while it listens. */
function gate(connection: Connection, { name }: CommandFacts, words: CommandWords): Reply | undefined {
  if (connection.writer.version !== 2 || ALLOWED.has(name)) return undefined;
  const what =
    CONTAINERS.has(name) && words[1] !== undefined ? `${name}|${latin1FromBytes(words[1]).toLowerCase()}` : name;
  return errorReply(
    `ERR Can't execute '${what.slice(0, 128)}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  );
}

function nameAt(words: CommandWords, at: number): string {
  const word = words[at] as Uint8Array;
  if (word.length > CHANNEL_BYTES_MAX) throw new RedisError(`ERR a channel has at most ${CHANNEL_BYTES_MAX} bytes`);
  return latin1FromBytes(word);
}

const HELP = [
  "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
  "CHANNELS [<pattern>]",
  "    Return the currently active channels matching a <pattern> (default: '*').",
  "NUMPAT",
  "    Return number of subscriptions to patterns.",
  "NUMSUB [<channel> ...]",
  "    Return the number of subscribers for the specified channels, excluding",
  "    pattern subscriptions(default: no channels).",
  "SHARDCHANNELS [<pattern>]",
  "    Return the currently active shard level channels matching a <pattern> (default: '*').",
  "SHARDNUMSUB [<shardchannel> ...]",
  "    Return the number of subscribers for the specified shard level channel(s)",
  "HELP",
  "    Prints this help.",
];

function pubsub(connection: Connection, relay: PubsubRelay, words: CommandWords): Reply | Promise<Reply> {
  const written = latin1FromBytes(words[1] as Uint8Array);
  const word = written.toLowerCase();
  if (word === "help" && words.length === 2) return arrayReply(HELP.map((text) => ({ type: "status", text })));
  if ((word === "channels" || word === "shardchannels") && words.length <= 3) {
    return channelsLike(connection, relay, word === "channels" ? CHANNEL : SHARDED, words[2]);
  }
  if (word === "numsub" || word === "shardnumsub") {
    const letter = word === "numsub" ? CHANNEL : SHARDED;
    const names = words.slice(2).map((each) => latin1FromBytes(each));
    return arrayReply(names.flatMap((name) => [textReply(name), integerReply(relay.count(letter + name))]));
  }
  if (word === "numpat" && words.length === 2) return integerReply(relay.patterns);
  if (word === "channels" || word === "shardchannels") {
    throw new RedisError(`ERR unknown subcommand or wrong number of arguments for '${written}'. Try PUBSUB HELP.`);
  }
  if (word === "numpat" || word === "help") {
    throw new RedisError(`ERR wrong number of arguments for 'pubsub|${word}' command`);
  }
  throw new RedisError(`ERR unknown subcommand '${written.slice(0, 128)}'. Try PUBSUB HELP.`);
}

/** Once there is room for them. */
function channelsLike(
  connection: Connection,
  relay: PubsubRelay,
  letter: string,
  word: Uint8Array | undefined,
): Reply | Promise<Reply> {
  const pattern = word === undefined ? "*" : latin1FromBytes(word);
  const channels: string[] = [];
  let bytes = 0;
  for (const topic of relay.topics()) {
    const channel = topic.slice(1);
    if (!topic.startsWith(letter) || !isMatch(pattern, channel)) continue;
    channels.push(channel);
    bytes += channel.length + CHANNEL_OVERHEAD;
  }
  const write = (): Reply => arrayReply(channels.map(textReply));
  return connection.roomForAnswer(bytes)?.then(write) ?? write();
}
