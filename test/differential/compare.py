"""Says whether two replies are the same, and lists the differences that are allowed.

ALLOWED is the table of docs/kv.md, section "Differences that the comparison allows": `--allowed` prints it, and the
test compares it with that document.
"""

import re

from resp import LISTS

ALLOWED = [
    ("errors", "bytes that are not printable ASCII are `?` in kv", "they cannot control a terminal"),
    ("errors", "kv shows 128 bytes of an argument at most", "Redis has no limit in `Unsupported option`"),
    ("errors", "only the first words if an argument has a NUL", "Redis ends the argument at its NUL"),
    ("`DBSIZE`, `INFO`", "a key that has expired and was not removed: not generated",
     "Redis removes the key when a command finds it, kv 0.25 s later at most"),
    ("`HELLO`, `CLIENT ID`", "the values of `server`, `version` and `id`; the number", "they name the server and the connection"),
    ("`CLIENT INFO`", "only the type of the reply is compared", "kv has fewer fields"),
    ("`CLIENT SETINFO`", "not generated", "Redis has it from 7.2 on"),
    ("`INFO keyspace`", "`avg_ttl`", "Redis samples it at times of its own"),
    ("`COMMAND COUNT`, `COMMAND INFO`", "the number; elements after the sixth", "kv has fewer commands and no categories"),
    ("`TTL`, `PTTL`", "60 s", "the servers are asked at different times"),
    ("`CONFIG GET`", "the order; names are in lower case in kv", "Redis repeats the name as the client wrote it"),
    ("`KEYS`, `SCAN`", "the order; cursors: complete iterations are compared as sets", "the tables differ"),
    ("`WATCH`", "an absent key that is set and removed again: not generated",
     "kv compares the key with its version at `WATCH`, so it executes the transaction"),
    ("`KEYS`, `SCAN` after `MULTI`", "not generated", "kv rejects them: they would hold all locks"),
    ("commands before `AUTH`", "Redis may close the connection when several come at once",
     "it allows 1,024 bytes of replies that are not sent yet"),
    ("`POST`, `Host:`", "after other commands at once: not generated", "Redis drops the replies to the commands before"),
    ("headers of RESP", "a CR or an LF alone: not generated, or kv has one more protocol error",
     "Redis takes any byte after a CR, and waits for a CR"),
]

MAX_SECONDS_APART = 60
UNPRINTABLE = re.compile(rb"[^ -~]")


def shown(reply):
    """A reply of Redis with its errors as kv shows them."""
    kind, value = reply
    if kind == b"-":
        return (kind, UNPRINTABLE.sub(b"?", value))
    if kind in LISTS and value:
        return (kind, tuple(shown(element) for element in value))
    return reply


def blank(pairs, names):
    """A map with some of its values left out."""
    return tuple("left out" if i % 2 == 1 and pairs[i - 1][1] in names else pairs[i] for i in range(len(pairs)))


def same_hello(redis, lined):
    if redis[0] not in (b"*", b"%"):
        return redis == lined
    names = (b"server", b"version", b"id")
    return redis[0] == lined[0] and blank(redis[1], names) == blank(lined[1], names)


def same_type(redis, lined):
    return redis[0] == lined[0] and redis[0] in (b"$", b"=", b":", b"*", b"%")


def same_info(redis, lined):
    def keyspace(reply):
        return reply[0], re.sub(rb"avg_ttl=\d+", b"", reply[1])

    return same_type(redis, lined) and keyspace(redis) == keyspace(lined)


def same_command_info(redis, lined):
    def essence(info):
        if info[0] not in LISTS or info[1] is None:
            return info
        name, arity, flags, *keys = info[1][:6]
        return name, arity, flags[0], frozenset(flags[1]), keys

    if redis[0] not in LISTS:
        return redis == lined
    return redis[0] == lined[0] and [essence(i) for i in redis[1]] == [essence(i) for i in lined[1]]


def same_time(unit):
    def same(redis, lined):
        if redis[0] != b":" or lined[0] != b":" or redis[1] < 0:
            return redis == lined
        return lined[1] >= 0 and abs(redis[1] - lined[1]) <= MAX_SECONDS_APART * unit

    return same


def same_set(redis, lined):
    if redis[0] not in LISTS:
        return redis == lined
    return redis[0] == lined[0] and sorted(redis[1]) == sorted(lined[1])


def same_map(redis, lined):
    def pairs(reply):
        names = [name.lower() for _, name in reply[1][::2]]
        return reply[0], sorted(zip(names, reply[1][1::2]))

    return same_type(redis, lined) and pairs(redis) == pairs(lined)


def same_scan(redis, lined):
    """One call of SCAN. A whole iteration has been put together by the player, and has the cursor 0."""
    if redis[0] != b"*" or lined[0] != b"*":
        return redis == lined
    (cursor, keys), (other_cursor, other_keys) = redis[1], lined[1]
    if cursor == other_cursor == (b"$", b"0"):
        return same_set(keys, other_keys)
    return cursor[0] == other_cursor[0] and keys[0] == other_keys[0]


RULES = {
    b"HELLO": same_hello,
    b"CLIENT ID": same_type,
    b"CLIENT INFO": same_type,
    b"INFO": same_info,
    b"COMMAND COUNT": same_type,
    b"COMMAND INFO": same_command_info,
    b"CONFIG GET": same_map,
    b"TTL": same_time(1),
    b"PTTL": same_time(1000),
    b"KEYS": same_set,
    b"SCAN": same_scan,
}


def same(words, queue, redis, lined):
    """words: the command. queue: the commands that EXEC executes."""
    if redis[0] == "closed" or lined[0] == "closed":
        return redis == lined
    if lined in (redis, shown(redis)):
        return True
    redis = shown(redis)
    if redis[0] == lined[0] == b"-":
        has_nul = any(b"\0" in word for word in words)
        return (has_nul and redis[1][:20] == lined[1][:20]) or (len(lined[1]) > 128 and redis[1].startswith(lined[1]))
    name = words[0].upper() if words else b""
    if name == b"EXEC" and redis[0] == lined[0] == b"*" and redis[1] is not None and lined[1] is not None:
        return len(redis[1]) == len(lined[1]) == len(queue) and all(
            same(words, [], *replies) for words, *replies in zip(queue, redis[1], lined[1]))
    if name in (b"CLIENT", b"COMMAND", b"CONFIG"):
        name = b" ".join(words[:2]).upper()
    queued = (b"+", b"QUEUED")
    return name in RULES and redis != queued and lined != queued and RULES[name](redis, lined)
