"use strict";
// ioredis with its default settings. play.sh says how this program is run.
//
// The steps are the same as in the programs for the other clients.

const { Redis, ReplyError } = require("ioredis");
const { version } = require("ioredis/package.json");
const { binary, expect, expectError, expectNumber, many, password, play, request, url } = require("./play.js");

// The client emits an error when it loses its connection; without a listener, it writes to standard error.
const connect = (address) => new Redis(address).on("error", () => {});

async function useCommands(client) {
  expect(await client.ping(), "PONG");
  expect(await client.get("absent"), null);
  expect(await client.set("text", "hello"), "OK");
  expect(await client.get("text"), "hello");
  expect(await client.set("binary", binary), "OK");
  expect(await client.getBuffer("binary"), binary);
  expect(await client.set("text", "other", "NX"), null);
  expect(await client.mget("text", "absent"), ["hello", null]);
  expect(await client.incr("number"), 1);
  expect(await client.incrby("number", 9), 10);
  expect(await client.decr("number"), 9);
  expect(await client.decrby("number", 4), 5);
  expect(await client.exists("text", "absent"), 1);
  expect(await client.del("text", "absent", "binary", "number"), 3);
}

async function useExpiry(client) {
  expect(await client.set("brief", "1", "EX", 100), "OK");
  expectNumber(await client.ttl("brief"), 99, 100);
  expect(await client.expire("brief", 1000), 1);
  expectNumber(await client.ttl("brief"), 999, 1000);
  expectNumber(await client.pttl("brief"), 990001, 1000000);
  expect(await client.persist("brief"), 1);
  expect(await client.ttl("brief"), -1);
  expect(await client.ttl("absent"), -2);
  expect(await client.set("brief", "2", "PX", 1), "OK");
  while ((await client.get("brief")) !== null);
  expect(await client.exists("brief"), 0);
}

async function scan(client, options) {
  const found = new Set();
  for await (const keys of client.scanStream(options)) for (const key of keys) found.add(key);
  return [...found].sort();
}

async function useScan(client) {
  expect(await client.mset(Object.fromEntries([...many, "other"].map((key) => [key, "1"]))), "OK");
  expect(await scan(client), [...many, "other"]);
  expect(await scan(client, { match: "many:*", count: 100 }), many);
  expect((await client.keys("many:*")).sort(), many);
  expect(await client.del(...many, "other"), 1001);
  expect(await scan(client), []);
}

// A multi is a pipeline that is a transaction.
async function usePipeline(client) {
  for (const begin of ["pipeline", "multi"]) {
    const commands = client[begin]().set("count", "41").incr("count").get("count").get("absent").del("count");
    expect(await commands.exec(), [[null, "OK"], [null, 42], [null, "42"], [null, null], [null, 1]]);
    const replies = await client[begin]().set("text", "hello").incr("text").del("text").exec();
    expect([replies[0], replies[2]], [[null, "OK"], [null, 1]]);
    expect(replies[1][0] instanceof ReplyError, true);
  }
  const sets = client.pipeline();
  for (let i = 0; i < 10000; i++) sets.set("count", i);
  expect(await sets.exec(), Array(10000).fill([null, "OK"]));
  expect(await client.getdel("count"), "9999");
}

async function useTransaction(client, other) {
  await client.set("watched", "1");
  await client.watch("watched");
  expect(await client.get("watched"), "1");
  expect(await client.multi().set("watched", "2").get("watched").exec(), [[null, "OK"], [null, "2"]]);

  await client.watch("watched");
  await other.set("watched", "3");
  expect(await client.multi().set("watched", "4").exec(), null);
  expect(await client.get("watched"), "3");

  await client.watch("watched");
  await other.set("watched", "5");
  await client.unwatch();
  expect(await client.multi().getdel("watched").exec(), [[null, "5"]]);
}

async function useErrors(client) {
  await client.set("text", "hello");
  await expectError(client.incr("text"), ReplyError, /^ERR value is not an integer/);
  await expectError(client.call("NONSENSE"), ReplyError, /^ERR unknown command/);
  await expectError(client.call("GET"), ReplyError, /^ERR wrong number of arguments/);
  await expectError(client.multi().set("text", "other").call("NONSENSE").exec(), ReplyError, /^EXECABORT /);
  expect(await client.getdel("text"), "hello");
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

async function usePassword() {
  const client = connect(url("", password));
  expect(await client.ping(), "PONG");
  await client.quit();
  for (const [address, message] of [[url("default", "wrong"), /^WRONGPASS /], [url("", undefined), /^NOAUTH /]]) {
    const refused = connect(address);
    await expectError(refused.get("text"), ReplyError, message);
    refused.disconnect();
  }
}

play(async () => {
  console.log("ioredis", version);
  const client = connect(url("default", password));
  const other = connect(url("default", password));
  await useCommands(client);
  await useExpiry(client);
  await useScan(client);
  await usePipeline(client);
  await useTransaction(client, other);
  await useErrors(client);
  if (password !== undefined) await usePassword();
  await useRestart(client);
  await Promise.all([client.quit(), other.quit()]);
});
