"use strict";
// For the programs of the clients in JavaScript. play.sh says how they are run.

const { deepStrictEqual } = require("node:assert");
const readline = require("node:readline");

const [host, port, password] = process.argv.slice(2);

// All bytes, and more than a socket takes at once.
const binary = Buffer.concat([Buffer.from(Array.from(Array(256).keys())), Buffer.from("\r\n$5\r\n"), Buffer.alloc(300000)]);
const many = Array.from({ length: 1000 }, (_, i) => `many:${String(i).padStart(3, "0")}`);

const url = (user, secret) =>
  secret === undefined ? `redis://${host}:${port}` : `redis://${user}:${encodeURIComponent(secret)}@${host}:${port}`;

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function expectError(promise, kind, message) {
  try {
    await promise;
  } catch (error) {
    if (error instanceof kind && message.test(error.message)) return error;
    throw error;
  }
  throw new Error(`no error instead of ${kind.name} ${message}`);
}

// play.sh does it.
async function request(word) {
  console.log(word);
  deepStrictEqual(await lines.next(), { value: "done", done: false });
}

function expectNumber(value, min, max) {
  if (!(value >= min && value <= max)) throw new Error(`got ${value}, must be from ${min} to ${max}`);
}

// An uncaught error ends node with status 1. Without exit, node would wait for timers of the client.
async function play(main) {
  await main();
  process.exit(0);
}

module.exports = { binary, expect: deepStrictEqual, expectError, expectNumber, many, password, play, request, url };
