"""Compares the replies of lined --handler kv with those of redis-server, for random commands.

    python3 -B test/differential [options] REDIS LINED

REDIS and LINED are HOST:PORT or the path of a socket. Three connections to each server take turns: each step is sent
to both servers, and all replies are read before the next step. An episode, of about 1,000 commands, begins with empty
servers and new connections, and depends only on the seed and its number. So one episode repeats a difference, and its
steps are left out while the difference stays.

Exit status: 0 no difference, 1 a difference, 2 wrong arguments.
"""

import argparse
import sys
import time

from commands import CONNECTIONS, FORMS, Generator
from compare import ALLOWED, same
from resp import CLOSED, Broken, Connection, encode

EPISODE = 1000
TIMEOUT = 20
QUEUED = (b"+", b"QUEUED")


class Difference(Exception):
    def __init__(self, words, redis, lined):
        super().__init__()
        self.words, self.redis, self.lined = words, redis, lined


class Pair:
    """A connection to each server, with what both know of it."""

    def __init__(self, addresses):
        self.addresses = addresses
        self.connect()

    def connect(self):
        self.both = [Connection(address, TIMEOUT) for address in self.addresses]
        self.queue = []
        self.is_open = False  # after MULTI: KEYS and SCAN are an error of kv
        self.watched = {}  # key: [state at WATCH, true: it may have changed and be the same again]

    def close(self):
        for connection in self.both:
            connection.close()

    def ask(self, data, read):
        for connection in self.both:
            connection.send(data)
        replies = []
        for connection in self.both:
            try:
                replies.append(read(connection))
            except (TimeoutError, Broken) as error:
                replies.append((type(error).__name__, str(error)))
        return replies

    def compare(self, words, redis, lined):
        if not same(words, self.queue, redis, lined):
            raise Difference(words, redis, lined)
        name = words[0].upper() if words else b""
        is_error = redis[0] == b"-" and not redis[1].startswith(b"EXECABORT")
        if redis == QUEUED:
            self.queue.append(words)
        elif name == b"MULTI" and not is_error:
            self.queue = []
            self.is_open = True
        elif name in (b"EXEC", b"DISCARD", b"UNWATCH", b"RESET") and not is_error:
            self.watched = {}
            self.is_open &= name == b"UNWATCH"

    def allowed(self, commands):
        """The commands without KEYS and SCAN in a transaction."""
        is_open, kept = self.is_open, []
        for words, data in commands:
            name = words[0].upper() if words else b""
            is_open |= name == b"MULTI"
            if not is_open or name not in (b"KEYS", b"SCAN"):
                kept.append((words, data))
        return kept


class Player:
    def __init__(self, addresses, password):
        self.addresses, self.password = addresses, password

    def play(self, steps):
        """Returns the steps that were played; the last one raises Difference."""
        self.log = []
        self.control = Pair(self.addresses)
        if self.password:
            self.control.ask(encode([b"AUTH", self.password]), Connection.read)
        self.control.ask(encode([b"FLUSHALL"]), Connection.read)
        self.pairs = [Pair(self.addresses) for _ in range(CONNECTIONS)]
        try:
            for step in steps:
                self.log.append(step)
                connection, kind, payload = step
                getattr(self, kind)(self.pairs[connection], payload)
        finally:
            for pair in [self.control, *self.pairs]:
                pair.close()

    def sleep(self, _, milliseconds):
        time.sleep(milliseconds / 1000)

    def commands(self, pair, commands):
        commands = pair.allowed(commands)
        for words, _ in commands:
            self.before(pair, words)
        data = b"".join(data for _, data in commands)
        redis, lined = pair.ask(data, lambda connection: [connection.read() for _ in commands])
        if isinstance(redis, tuple) or isinstance(lined, tuple):
            raise Difference([words for words, _ in commands], redis, lined)
        if self.password and len(commands) > 1 and redis[0] == CLOSED:  # more replies than Redis allows before AUTH
            self.control.ask(encode([b"FLUSHALL"]), Connection.read)
            pair.close()
            pair.connect()
            return
        for (words, _), *replies in zip(commands, redis, lined):
            pair.compare(words, *replies)
            if CLOSED in replies:
                pair.close()
                pair.connect()
                return

    def scan(self, pair, words):
        def iterate(connection):
            keys = set()
            for _ in range(100000):
                reply = connection.read()
                if reply[0] != b"*" or len(reply[1]) != 2:
                    return reply
                (_, cursor), (_, some) = reply[1]
                keys.update(some)
                if cursor == b"0":
                    return (b"*", ((b"$", b"0"), (b"*", tuple(keys))))
                connection.send(encode([words[0], cursor, *words[2:]]))
            raise Broken("SCAN does not end")

        if pair.is_open:
            return
        self.before(pair, words)
        pair.compare(words, *pair.ask(encode(words), iterate))

    def raw(self, _, data):
        self.touch(None)
        pair = Pair(self.addresses)
        for connection in pair.both:
            connection.send_all_of_it(data)
        redis, lined = pair.ask(b"", Connection.read_to_end)
        pair.close()
        if len(redis) < len(lined) and lined[-2] == (b"-", b"ERR Protocol error: expected '$', got ' '"):
            del lined[-2]
        if len(redis) != len(lined):
            raise Difference([data], redis, lined)
        for replies in zip(redis, lined):
            if not same([], [], *replies):
                raise Difference([data], redis, lined)

    # ---- the difference in WATCH that is allowed ----

    def state(self, key):
        """-2: absent, -1: without expiry."""
        return self.control.ask(encode([b"TTL", key]), Connection.read)[0][1]

    def touch(self, words):
        """Remembers watched keys that were absent, and can be again. None: any command."""
        for pair in self.pairs:
            for key, watched in pair.watched.items():
                if words is None or key in words:
                    watched[1] |= watched[0] == -2

    def before(self, pair, words):
        name = words[0].upper() if words else b""
        if name == b"WATCH":
            for key in words[1:]:
                if key not in pair.watched:
                    pair.watched[key] = [self.state(key), False]
            return
        if name == b"EXEC":
            doubtful = [key for key, (_, may_be_same) in pair.watched.items() if may_be_same]
            for key in [key for key in doubtful if self.state(key) == pair.watched[key][0]]:
                self.control.ask(encode([b"SET", key, b"1"]), Connection.read)
                self.touch([b"SET", key])
            for queued in pair.queue:
                self.touch(queued)
        self.touch(words)


def find(player, steps):
    try:
        player.play(steps)
    except Difference as difference:
        return difference
    except ConnectionError as error:
        sys.exit(f"A server has ended: {error}")
    return None


def minimised(player, steps):
    """Leaves out steps while a difference stays."""
    size = len(steps) // 2
    while size > 0:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size:]
            if find(player, fewer):
                steps = fewer
            else:
                at += size
        size //= 2
    return steps


def text_of(words):
    if isinstance(words, list) and words and isinstance(words[0], list):
        return "; ".join(map(text_of, words))
    return " ".join(repr(word)[1:] if len(word) < 200 else f"{len(word)} bytes" for word in words)


def show(steps):
    for connection, kind, payload in steps:
        if kind == "commands":
            for words, data in payload:
                print(f"  {connection}: {text_of(words)}" + ("" if data[:1] == b"*" else "   (inline)"))
        else:
            text = {"scan": text_of, "raw": lambda data: text_of([data])}.get(kind, str)(payload)
            print(f"  {connection}: {kind} {text}"[:500])


def report(options, player, steps, episode, count, difference):
    connection = player.log[-1][0]
    print(f"A difference at command {count}, seed {options.seed}, episode {episode}")
    print(f"  command: {text_of(difference.words)}"[:1000])
    print(f"  redis:   {difference.redis}"[:2000])
    print(f"  lined:   {difference.lined}"[:2000])
    print("The last steps of this connection:")
    show([step for step in player.log if step[0] == connection][-20:])
    steps = minimised(player, player.log[:])
    again = find(player, steps)
    if again:
        print(f"Enough for a difference, {len(steps)} steps:")
        show(steps)
        print(f"  redis:   {again.redis}"[:2000])
        print(f"  lined:   {again.lined}"[:2000])
    print(f"Again: python3 -B test/differential --seed {options.seed} --episode {episode}"
          f" --families {','.join(options.families)} {' '.join(options.addresses)}")


def arguments():
    parser = argparse.ArgumentParser(prog="differential", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commands", type=int, default=20000)
    parser.add_argument("--episode", type=int, help="only this episode")
    parser.add_argument("--families", default=",".join(FORMS), help="of: %(default)s")
    parser.add_argument("--password", default="", help="the password of both servers")
    parser.add_argument("--allowed", action="store_true", help="print the differences that are allowed")
    parser.add_argument("addresses", nargs="*")
    options = parser.parse_args()
    options.families = options.families.split(",")
    if not set(options.families) <= set(FORMS) or len(options.addresses) != (0 if options.allowed else 2):
        parser.error("needs two addresses, and families of " + ",".join(FORMS))
    return options


def main():
    options = arguments()
    if options.allowed:
        for row in ALLOWED:
            print("| " + " | ".join(row) + " |")
        return 0
    password = options.password.encode()
    player = Player(options.addresses, password)
    count, episode = 0, options.episode or 0
    begin = time.monotonic()
    while count < options.commands:
        steps = Generator(f"{options.seed}/{episode}", options.families, password).episode(EPISODE)
        difference = find(player, steps)
        count += sum(len(payload) if kind == "commands" else 1 for _, kind, payload in player.log)
        if difference:
            report(options, player, steps, episode, count, difference)
            return 1
        if options.episode is not None:
            break
        episode += 1
    print(f"seed {options.seed}: {count} commands, no difference, {time.monotonic() - begin:.1f} s")
    return 0


sys.exit(main())
