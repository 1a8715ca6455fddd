/** What may happen in a schedule, and how often: single steps, and sequences that aim at what takes several. */

import { isGivenUp, membersOf } from "./facts.ts";
import type { Replica } from "./replica.ts";
import { nameOf, show, type World } from "./world.ts";

/** Those that are needed are in every schedule. */
export const ACTS: readonly (readonly [weight: number, act: (world: World) => void, isNeeded?: boolean])[] = [
  [16, (world) => ifUp(world, (replica) => writeAt(world, replica)), true],
  [10, (world) => world.deliver()],
  [4, (world) => world.lose()],
  [6, (world) => ifUp(world, (replica) => world.sync(replica))],
  [10, (world) => ifUp(world, (from) => ifUp(world, (to) => world.tell(from, to))), true],
  [6, (world) => world.gossip(world.some())],
  [6, (world) => ifUp(world, (replica) => replica.pull(world.pick(world.replicas).id))],
  [10, (world) => ifUp(world, (to) => ifUp(world, (from) => world.repair(to, from))), true],
  [8, (world) => ifUp(world, (to) => ifUp(world, (from) => handOver(world, to, from)))],
  [4, (world) => ifUp(world, (replica) => replica.beginReady())],
  [12, (world) => ifUp(world, (replica) => world.act(replica)), true],
  [10, (world) => finish(world, world.some())],
  [8, (world) => beCalm(world), true],
  [8, (world) => ifUp(world, (mover) => ifUp(world, (from) => sneak(world, mover, from)))],
  [6, (world) => ifUp(world, (writer) => ifUp(world, (remover) => rival(world, writer, remover)))],
  [6, (world) => ifUp(world, (writer) => ifUp(world, (witness) => endLife(world, writer, witness)))],
  [8, (world) => ifUp(world, (mover) => ifUp(world, (from) => detour(world, mover, from)))],
  [8, (world) => ifUp(world, (replica) => changeView(world, replica))],
  [3, (world) => ifUp(world, (replica) => world.crash(replica))],
  [6, (world) => ifUp(world, (replica) => restart(world, replica))],
  [8, (world) => world.start(world.pick(world.replicas))],
  [3, (world) => world.cut(world.random.below(world.replicas.length), world.random.below(world.replicas.length))],
  [3, (world) => cutOff(world, world.random.below(world.replicas.length))],
  [8, (world) => world.heal()],
  [1, giveUp],
];

function ifUp(world: World, act: (replica: Replica) => void): void {
  const replica = world.actor();
  if (replica.isUp) act(replica);
}

function writeAt(world: World, writer: Replica): void {
  // What was deleted by those whom it has not met yet need not be deleted for it.
  if (!writer.isUp || membersOf(writer.facts).length === 1) return;
  const register = writer.write(world.random.below(world.keys), world.chance(0.5));
  world.log(() => `${writer.id} writes ${nameOf(register)}: ${show(writer)}`);
}

/** All that can be done among these, for what has come so far, is done. */
function finish(world: World, among: readonly Replica[]): void {
  world.gossip(among);
  world.repairAll(among);
  for (const replica of among) if (world.chance(0.9)) world.sync(replica);
  world.gossip(among);
  for (const replica of among) if (world.chance(0.7)) world.act(replica);
}

/** All cuts are healed, and whoever is up does all that there is to do, but for pushes that are late. */
function beCalm(world: World): void {
  world.heal();
  world.pass(world.random.below(40));
  finish(world, world.up);
  finish(world, world.up);
}

/** An owner takes all that another holds, and tells it so. */
function handOver(world: World, to: Replica, from: Replica): void {
  if (world.chance(0.5)) world.sync(from);
  world.repair(to, from);
  world.sync(to);
  world.tell(to, from);
  world.act(from);
}

/** One fetches, and sees another view, while the rest purge by what it said before. */
function sneak(world: World, mover: Replica, from: Replica): void {
  writeAt(world, world.actor());
  world.pass(world.random.below(30));
  world.gossip(world.up);
  if (world.chance(0.7)) changeView(world, mover);
  if (world.chance(0.8)) world.repair(mover, from);
  if (world.chance(0.4)) world.sync(mover);
  if (world.chance(0.3)) restart(world, from);
  if (world.chance(0.3)) changeView(world, from);
  finish(
    world,
    world.up.filter((replica) => replica !== mover),
  );
  if (world.chance(0.4)) changeView(world, mover);
}

/** A life ends, and one at the most has what it wrote last. */
function endLife(world: World, writer: Replica, witness: Replica): void {
  writeAt(world, writer);
  if (world.chance(0.5)) writeAt(world, writer);
  if (world.chance(0.5)) world.deliver();
  if (world.chance(0.5)) world.repair(witness, writer);
  if (world.chance(0.5)) world.sync(witness);
  restart(world, writer);
  finish(world, world.some());
}

/** One deletes what another writes meanwhile, and purges as soon as that one has the deletion. */
function rival(world: World, writer: Replica, remover: Replica): void {
  writeAt(world, writer);
  world.pass(world.random.below(8));
  writeAt(world, remover);
  world.pass(world.random.below(30));
  world.gossip(world.some());
  handOver(world, writer, remover);
}

/** A view goes, and comes back as it was. */
function detour(world: World, mover: Replica, from: Replica): void {
  changeView(world, mover);
  handOver(world, mover, from);
  if (world.chance(0.5)) world.act(mover);
  changeView(world, mover);
  world.act(mover);
}

function restart(world: World, replica: Replica): void {
  world.crash(replica);
  world.start(replica);
}

/** It says that a member is displaced, or comes back, or that the policy is another; most often the same as before. */
function changeView(world: World, teller: Replica): void {
  if (!teller.isUp) return;
  const { versions } = teller.facts;
  const known = membersOf(teller.facts);
  const isSame =
    world.chance(0.6) && (world.lastChanged === world.replicas.length || known.includes(world.lastChanged));
  const changed = isSame ? world.lastChanged : world.pick([...known, world.replicas.length]);
  world.lastChanged = changed;
  versions[changed] = (versions[changed] as number) + 1;
  world.log(() => `${teller.id} changes the view: ${show(teller)}`);
}

function cutOff(world: World, lonely: number): void {
  for (const { id } of world.replicas) if (id !== lonely) world.cut(lonely, id);
}

/** A member that nobody reaches is given up; one at a time. */
function giveUp(world: World): void {
  const member = world.random.below(world.replicas.length);
  const others = world.replicas.filter(({ id }) => id !== member);
  const isReached = (world.replicas[member] as Replica).isUp && others.some(({ id }) => !world.isCut(id, member));
  const hasOutcast = world.replicas.some(({ facts }) => world.replicas.some(({ id }) => isGivenUp(facts, id)));
  const teller = world.pick(others);
  const { facts, isUp } = teller;
  if (isReached || hasOutcast || !isUp || (facts.versions[member] as number) === 0) return;
  facts.givenUp[member] = facts.lives[member] as number;
  world.log(() => `${teller.id} gives ${member} up`);
}
