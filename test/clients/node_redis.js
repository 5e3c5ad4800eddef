"use strict";
// node-redis with its default settings. play.sh says how this program is run.
//
// The steps are the same as in the programs for the other clients.

const { createClient, MultiErrorReply, RESP_TYPES, SimpleError, WatchError } = require("redis");
const { version } = require("redis/package.json");
const { binary, expect, expectError, expectNumber, many, password, play, request, url } = require("./play.js");

// The client emits an error when it loses its connection; without a listener, node would end.
const connect = (address) => createClient({ url: address }).on("error", () => {}).connect();

async function useCommands(client) {
  const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  expect(await client.ping(), "PONG");
  expect(await client.get("absent"), null);
  expect(await client.set("text", "hello"), "OK");
  expect(await client.get("text"), "hello");
  expect(await client.set("binary", binary), "OK");
  expect(await buffers.get("binary"), binary);
  expect(await client.set("text", "other", { NX: true }), null);
  expect(await client.mGet(["text", "absent"]), ["hello", null]);
  expect(await client.incr("number"), 1);
  expect(await client.incrBy("number", 9), 10);
  expect(await client.decr("number"), 9);
  expect(await client.decrBy("number", 4), 5);
  expect(await client.exists(["text", "absent"]), 1);
  expect(await client.del(["text", "absent", "binary", "number"]), 3);
}

async function useExpiry(client) {
  expect(await client.set("brief", "1", { EX: 100 }), "OK");
  expectNumber(await client.ttl("brief"), 99, 100);
  expect(await client.expire("brief", 1000), 1);
  expectNumber(await client.ttl("brief"), 999, 1000);
  expectNumber(await client.pTTL("brief"), 990001, 1000000);
  expect(await client.persist("brief"), 1);
  expect(await client.ttl("brief"), -1);
  expect(await client.ttl("absent"), -2);
  expect(await client.set("brief", "2", { PX: 1 }), "OK");
  while ((await client.get("brief")) !== null);
  expect(await client.exists("brief"), 0);
}

async function scan(client, options) {
  const found = new Set();
  for await (const keys of client.scanIterator(options)) for (const key of keys) found.add(key);
  return [...found].sort();
}

async function useScan(client) {
  expect(await client.mSet([...many, "other"].map((key) => [key, "1"])), "OK");
  expect(await scan(client), [...many, "other"]);
  expect(await scan(client, { MATCH: "many:*", COUNT: 100 }), many);
  expect((await client.keys("many:*")).sort(), many);
  expect(await client.del([...many, "other"]), 1001);
  expect(await scan(client), []);
}

// Commands of the same tick are sent together. So are those of a multi, which is a transaction if it ends by exec.
async function usePipeline(client) {
  const replies = await Promise.allSettled([
    client.set("text", "hello"), client.incr("text"), client.get("text"), client.get("absent"), client.del("text")]);
  expect(replies.map((reply) => reply.value), ["OK", undefined, "hello", null, 1]);
  expect(replies[1].reason instanceof SimpleError, true);
  const begin = () => client.multi().set("count", "41").incr("count").get("count").get("absent").del("count");
  expect(await begin().exec(), ["OK", 42, "42", null, 1]);
  expect(await begin().execAsPipeline(), ["OK", 42, "42", null, 1]);
  const fail = () => client.multi().set("text", "hello").incr("text").del("text");
  const error = await expectError(fail().exec(), MultiErrorReply, /^1 commands failed/);
  expect(error.errorIndexes, [1]);
  expect([error.replies[0], error.replies[2]], ["OK", 1]);
  await expectError(fail().execAsPipeline(), SimpleError, /^ERR value is not an integer/);
  const sets = Array.from({ length: 10000 }, (_, i) => client.set("count", String(i)));
  expect(new Set(await Promise.all(sets)), new Set(["OK"]));
  expect(await client.getDel("count"), "9999");
}

async function useTransaction(client, other) {
  await client.set("watched", "1");
  await client.watch("watched");
  expect(await client.get("watched"), "1");
  expect(await client.multi().set("watched", "2").get("watched").exec(), ["OK", "2"]);

  await client.watch("watched");
  await other.set("watched", "3");
  await expectError(client.multi().set("watched", "4").exec(), WatchError, /watched/);
  expect(await client.get("watched"), "3");

  await client.watch("watched");
  await other.set("watched", "5");
  await client.unwatch();
  expect(await client.multi().getDel("watched").exec(), ["5"]);
}

async function useErrors(client) {
  await client.set("text", "hello");
  await expectError(client.incr("text"), SimpleError, /^ERR value is not an integer/);
  await expectError(client.sendCommand(["NONSENSE"]), SimpleError, /^ERR unknown command/);
  await expectError(client.sendCommand(["GET"]), SimpleError, /^ERR wrong number of arguments/);
  await expectError(client.multi().set("text", "other").addCommand(["NONSENSE"]).exec(), SimpleError,
    /^ERR unknown command/);
  expect(await client.getDel("text"), "hello");
}

// A command without a server waits until the client has connected again.
async function useRestart(client) {
  await client.set("lost", "1");
  await request("stop");
  const waiting = client.get("lost");
  await request("start");
  expect(await waiting, null);
  expect(await client.incr("count"), 1);
}

// A client connects again and again if a password is wrong: so the first error is enough.
async function expectRefusal(address, message) {
  const client = createClient({ url: address });
  const error = new Promise((_, reject) => client.on("error", reject));
  client.connect().catch(() => {});
  await expectError(error, SimpleError, message);
  client.destroy();
}

async function usePassword() {
  const client = await connect(url("", password));
  expect(await client.ping(), "PONG");
  await client.close();
  await expectRefusal(url("default", "wrong"), /^WRONGPASS /);
  await expectRefusal(url("", undefined), /^NOAUTH /);
}

play(async () => {
  console.log("node-redis", version);
  const client = await connect(url("default", password));
  const other = await connect(url("default", password));
  await useCommands(client);
  await useExpiry(client);
  await useScan(client);
  await usePipeline(client);
  await useTransaction(client, other);
  await useErrors(client);
  if (password !== undefined) await usePassword();
  await useRestart(client);
  await Promise.all([client.close(), other.close()]);
});
