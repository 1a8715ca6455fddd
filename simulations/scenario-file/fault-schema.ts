/** The faults that a file may have: one entry a type, and the compiler holds the table complete. */

import { z } from "zod";
import type { Fault, FaultType, PathPair } from "../faults/fault.ts";
import { DAMAGES } from "../simulator/disk-damage.ts";
import { count, index, isTrue, ms, objectOf, share } from "./pieces.ts";

type Of<Type extends FaultType> = Extract<Fault, { readonly type: Type }>;

const path = z.tuple([index, index]).readonly() satisfies z.ZodType<PathPair>;
const paths = z.array(path).max(1_000_000).readonly();
const rate = z.number().positive();

const FAULTS: { readonly [Type in FaultType]: z.ZodType<Of<Type>> } = {
  cut: objectOf<Of<"cut">>({ at: ms, type: z.literal("cut"), shape: z.string().max(100), paths, forMs: ms }),
  degrade: objectOf<Of<"degrade">>({
    at: ms,
    type: z.literal("degrade"),
    paths,
    latencyMs: ms.exactOptional(),
    jitterMs: ms.exactOptional(),
    loss: share.exactOptional(),
    bytesPerMs: rate.exactOptional(),
    forMs: ms,
  }),
  break: objectOf<Of<"break">>({ at: ms, type: z.literal("break"), nodes: path, lateMs: ms }),
  stall: objectOf<Of<"stall">>({ at: ms, type: z.literal("stall"), path, forMs: ms }),
  "late-copy": objectOf<Of<"late-copy">>({
    at: ms,
    type: z.literal("late-copy"),
    path,
    lateMs: ms,
    isOnlyCopy: isTrue,
  }),
  datagram: objectOf<Of<"datagram">>({
    at: ms,
    type: z.literal("datagram"),
    duplicate: share,
    reorder: share,
    lateMs: ms,
    forMs: ms,
  }),
  corrupt: objectOf<Of<"corrupt">>({ at: ms, type: z.literal("corrupt"), path, probability: share, forMs: ms }),
  "slow-consumer": objectOf<Of<"slow-consumer">>({
    at: ms,
    type: z.literal("slow-consumer"),
    node: index,
    bytesPerMs: rate,
    forMs: ms,
  }),
  crash: objectOf<Of<"crash">>({
    at: ms,
    type: z.literal("crash"),
    node: index,
    aim: z.enum(["now", "push", "disk-write"]),
    isPowerCut: isTrue,
    downMs: ms,
  }),
  stop: objectOf<Of<"stop">>({ at: ms, type: z.literal("stop"), node: index, downMs: ms }),
  leave: objectOf<Of<"leave">>({ at: ms, type: z.literal("leave"), node: index, downMs: ms }),
  pause: objectOf<Of<"pause">>({ at: ms, type: z.literal("pause"), node: index, forMs: ms }),
  "clock-jump": objectOf<Of<"clock-jump">>({
    at: ms,
    type: z.literal("clock-jump"),
    node: index,
    byMs: z.number().min(-1e12).max(1e12),
  }),
  "clock-drift": objectOf<Of<"clock-drift">>({
    at: ms,
    type: z.literal("clock-drift"),
    node: index,
    ppm: count(-1_000_000, 1_000_000_000),
    forMs: ms,
  }),
  "clock-strobe": objectOf<Of<"clock-strobe">>({
    at: ms,
    type: z.literal("clock-strobe"),
    node: index,
    amplitudeMs: ms,
    periodMs: rate,
    forMs: ms,
  }),
  "disk-slow": objectOf<Of<"disk-slow">>({ at: ms, type: z.literal("disk-slow"), node: index, meanMs: ms, forMs: ms }),
  "disk-full": objectOf<Of<"disk-full">>({ at: ms, type: z.literal("disk-full"), node: index, forMs: ms }),
  "disk-damage": objectOf<Of<"disk-damage">>({
    at: ms,
    type: z.literal("disk-damage"),
    node: index,
    damage: z.enum(DAMAGES),
    downMs: ms,
  }),
  "disk-unreadable": objectOf<Of<"disk-unreadable">>({
    at: ms,
    type: z.literal("disk-unreadable"),
    node: index,
    forMs: ms,
  }),
  "disk-read-errors": objectOf<Of<"disk-read-errors">>({
    at: ms,
    type: z.literal("disk-read-errors"),
    node: index,
    forMs: ms,
  }),
  "disk-old-copy": objectOf<Of<"disk-old-copy">>({
    at: ms,
    type: z.literal("disk-old-copy"),
    node: index,
    ageMs: ms,
    downMs: ms,
  }),
};

const options = Object.values(FAULTS) as unknown as [z.ZodObject, ...z.ZodObject[]];

export const faultSchema = z.discriminatedUnion("type", options) as unknown as z.ZodType<Fault>;

/** Every type of fault that there is. */
export const FAULT_TYPES = Object.keys(FAULTS) as readonly FaultType[];
