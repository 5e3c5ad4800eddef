"""Random commands: a pure function of the seed.

An episode is a list of steps. A step is (connection, kind, payload):

    ("commands", [(words, bytes), ...])  sent together; each has one reply
    ("scan", words)                      a complete iteration of SCAN, from the cursor in words
    ("raw", bytes)                       on a connection of its own, which ends after them
    ("sleep", milliseconds)

FORMS has the forms of commands. A word in angle brackets is replaced by random words (class Words). Commands meet
each other's keys, because there are few. Times of expiry have passed or are at least 100 days ahead, and two of them
differ by minutes. WATCH and EXEC are steps of their own, because the player looks at the keys before them.
"""

import random
import re

from resp import encode

CONNECTIONS = 3

# family: how often, forms
FORMS = {
    "strings": (40, """
        GET <key>|SET <key> <value>|SET <key> <value> <option>|SET <key> <value> <option> EX <seconds>
        SET <key> <value> PX <ms> <option>|SET <key> <value> EX <wrong>|SET <key> <value> <option> <option>
        MSET <key> <value> <key> <value>|MSET <many>|MSET <key> <value> <key>|MGET <key> <key>|MGET <key> <key> <key>
        DEL <key>|DEL <key> <key>|UNLINK <key> <key>|EXISTS <key> <key>|INCR <key>|DECR <key>|INCRBY <key> <number>
        DECRBY <key> <number>|SETNX <key> <value>|GETSET <key> <value>|GETDEL <key>|APPEND <key> <value>
        SETEX <key> <seconds> <value>|SETEX <key> <wrong> <value>|PSETEX <key> <ms> <value>
        PSETEX <key> <wrong> <value>|STRLEN <key>|TYPE <key>|DBSIZE|FLUSHALL|FLUSHDB <sync>|FLUSHALL <sync>"""),
    "expiry": (20, """
        EXPIRE <key> <seconds>|EXPIRE <key> <seconds> <option>|EXPIRE <key> <wrong>|EXPIRE <key> <wrong> <option>
        EXPIRE <key> <seconds> <option> <option>|PEXPIRE <key> <ms>|PEXPIRE <key> <ms> <option>
        PEXPIRE <key> <wrong>|TTL <key>|PTTL <key>|PERSIST <key>"""),
    "connection": (12, """
        PING|PING <value>|ECHO <value>|HELLO <protocol>|HELLO <protocol>|HELLO|HELLO <protocol> SETNAME <name>
        HELLO <protocol> AUTH <user> <password> SETNAME <name>|HELLO <protocol> AUTH <user>|HELLO <protocol> nope
        HELLO <protocol> AUTH <user> <password>|AUTH <password>|AUTH <user> <password>|AUTH <user> <password>
        SELECT <number>|SELECT 0|RESET|CLIENT SETNAME <name>|CLIENT GETNAME|CLIENT ID|CLIENT INFO|CLIENT nope
        CLIENT|CLIENT GETNAME a|CONFIG GET <setting>
        CONFIG GET <setting> <setting>|CONFIG GET|CONFIG <unknown>|COMMAND COUNT|COMMAND COUNT a|COMMAND <unknown>
        COMMAND INFO <command>|COMMAND INFO <command> <unknown> <command>|INFO keyspace"""),
    "errors": (8, """
        <command> <any>|<command> <any> <any>|<command> <any> <any> <any>|<command> <any> <any> <any> <any>
        <command>|<unknown>|<unknown> <any>|<unknown> <any> <value> <any>|<unknown> <long> <long>"""),
    "transactions": (14, """
        MULTI|MULTI|MULTI|EXEC|DISCARD|UNWATCH|MULTI <any>|EXEC <any>|WATCH|WATCH <key>|WATCH <key>|WATCH <key> <key>
        WATCH <key>"""),
    "keyspace": (6, """
        KEYS <pattern>|KEYS <pattern>|KEYS|KEYS <pattern> <any>|SCAN|SCAN <cursor>|SCAN 0 MATCH|SCAN 0 COUNT <wrong>
        SCAN 0 <unknown> <any>|SCAN <cursor> COUNT 10|SCAN 0 COUNT 0|SCAN 0 MATCH <pattern> COUNT -1"""),
}
FORMS = {family: (weight, [form.split() for form in re.split(r"\||\n\s*", forms.strip())])
         for family, (weight, forms) in FORMS.items()}

COMMANDS = {
    "strings": """get set mset mget del unlink exists incr decr incrby decrby setnx getset getdel append setex psetex
        strlen type dbsize""",
    "expiry": "expire pexpire ttl pttl persist",
    "connection": "ping echo reset",
    "transactions": "multi exec discard watch unwatch",
    "keyspace": "keys",
}

# Of the first six elements of COMMAND INFO; with those that the family "errors" leaves out.
DESCRIBED = {
    "connection": """hello auth select quit client config command client|id client|info client|setname client|getname
        command|count command|info config|get info flushall flushdb""",
    "keyspace": "scan",
}

KEYS = [b"a", b"b", b"c", b"d"] * 4 + [b"", b"\xff\x00\r\n", b"user:1", b"user:2", b"[a]", b"a*b", b"\\", b"ab", b"-", b"^a",
                                       b"k?", b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"]
VALUES = [b"1", b"-7", b"text", b"01", b"", b"9223372036854775807", b"-9223372036854775808", b"\xff\r\n\x00", b"a,b", b"+1",
          b" 1", b"1 ", b"-0", b"0", b"9223372036854775808", b"12345678901234567890123", b"1e3", b"x" * 300]
NUMBERS = [b"1", b"-1", b"10", b"0", b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"x", b"1.5",
           b"", b" 1", b"01", b"-9223372036854775807", b"2147483648"]
WRONG_TIMES = [b"0", b"-1", b"x", b"", b"9223372036854775807", b"-9223372036854775808", b"9223372036854776", b"1.5",
               b"-9223372036854775", b"9223372036854775808", b"-9223372036854776"]
OPTIONS = [b"NX", b"XX", b"nx", b"GET", b"KEEPTTL", b"GT", b"lt", b"LT", b"nope", b"EX", b"PX"]
PATTERNS = [b"*", b"**", b"a*", b"[a-", b"\\", b"[^a]", b"[a-c]", b"[c-a]", b"?", b"??", b"[]", b"[^]", b"[a\\]", b"user:*",
            b"*:[12]", b"[^a-c]*", b"\\a", b"a\\*b", b"*?*", b"", b"\\[a\\]", b"[[]a]", b"[a-\\]]", b"*[^1]", b"[\\-]", b"n:1*",
            b"a*a*a*a*a*a*b", b"\xff*", b"*\\", b"[^", b"["]
PIECES = [b"*", b"?", b"[", b"]", b"^", b"-", b"\\", b"a", b"b", b"z", b":", b"\xff", b"1", b"[^a]", b"[a-c]", b"user"]
NAMES = [b"me", b"a b", b"", b"you", b"\xff", b"new\nline", b"~!", b"n" * 200]
SETTINGS = [b"save", b"maxmemory", b"appendonly", b"databases", b"maxmemory-policy", b"proto-max-bulk-len", b"SAVE", b"nope", b""]
UNKNOWN = [b"nope", b"", b"getx", b"no\r\npe", b"\xff\xfe", b"n" * 200, b"'", b"a'b"]
CURSORS = [b"x", b"1.5", b"18446744073709551616", b" 0", b"0x", b"-", b"0 "]

# Each ends a connection, or has no reply.
HTTP = [b"POST / HTTP/1.1\r\n", b"Host: a\r\n", b"*1\r\n$4\r\nPOST\r\n", b"*2\r\n$5\r\nhOST:\r\n$1\r\na\r\n"]
ENDINGS = [b"", b"QUIT\r\n", b"*1\r\n$4\r\nquit\r\n", b"*1\r\n$-1\r\n",
           b"*2147483648\r\n", b"*1\r\nfoo\r\n", b"*1\r\n$x\r\n", b"*x\r\n", b"*1\r\n$1048577\r\n", b"*1\r\n+OK\r\n", b"*\r\n",
           b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", b"*0\r\n", b"*-1\r\n", b"*-10\r\n", b"\r\n", b"\n", b" \r\n", b"*+1\r\n",
           b"*01\r\n", b"*1\r\n$+4\r\nPING\r\n", b"*1\r\n$04\r\nPING\r\n", b"*1\r\n$\r\n", b"*1\r\n\r\n", b"SET a \"b\r\n",
           b"GET 'a\r\n", b"SET \"a\"b c\r\n", b"PING \"a\\x4\"\r\n", b"PING 'a\\'b'\r\n", b"PING \"\\q\\n\\x41\"\r\n", b"PING\n",
           b"*2\r\n$4\r\nECHO\r\n$1048577\r\n", b"*1\r\n$99999999999999999999\r\n", b"a" * 90000, b"*" + b"1" * 90000,
           b"*11\r\n", b"*1\r\n$16385\r\n", b"*10\r\n$16384\r\n", b"*1\r\n$" + b"1" * 90000, b"PING " + b"a" * 60000 + b"\r\n", b"*1\r\n$4\r\nPI"]


class Words:
    """Replaces the words in angle brackets."""

    def __init__(self, rng, families, password):
        self.rng = rng
        self.times = 0
        self.passwords = [b"", b"wrong", b"wron"] + [password] * 6 * (password != b"")
        self.commands = [name for family in families for name in COMMANDS.get(family, "").split()] or ["ping"]
        self.described = self.commands + [name for family in families for name in DESCRIBED.get(family, "").split()]

    def expand(self, form):
        words = []
        for word in form:
            words += getattr(self, word[1:-1])() if word[0] == "<" else [word.encode()]
        return words

    def any_of(self, words):
        return [self.rng.choice(words)]

    def seconds(self):
        self.times += 1
        return [b"%d" % (10000000 + 1000 * (self.times * 7919 % 40009))]

    def ms(self):
        return [self.seconds()[0] + b"000"]

    def key(self):
        return self.any_of(KEYS)

    def value(self):
        return self.any_of(VALUES)

    def number(self):
        return self.any_of(NUMBERS)

    def wrong(self):
        return self.any_of(WRONG_TIMES)

    def option(self):
        return self.any_of(OPTIONS)

    def sync(self):
        return self.any_of([b"SYNC", b"async", b"nope", b""])

    def protocol(self):
        return self.any_of([b"2", b"3", b"3", b"2", b"3", b"4", b"1", b"x", b"", b"03"])

    def user(self):
        return self.any_of([b"default", b"default", b"default", b"other", b""])

    def password(self):
        return self.any_of(self.passwords)

    def name(self):
        return self.any_of(NAMES)

    def setting(self):
        return self.any_of(SETTINGS)

    def unknown(self):
        return self.any_of(UNKNOWN)

    def cursor(self):
        return self.any_of(CURSORS)

    def long(self):
        return [bytes([self.rng.choice(b"ab'\\ ")]) * self.rng.randrange(200)]

    def command(self):
        return [self.rng.choice(self.commands).encode()]

    def described_command(self):
        return [self.rng.choice(self.described).encode()]

    def many(self):
        first = self.rng.randrange(200)
        return [word for i in range(first, first + 40) for word in (b"n:%d" % i, b"%d" % i)]

    def pattern(self):
        if self.rng.random() < 0.6:
            return self.any_of(PATTERNS)
        return [b"".join(self.rng.choice(PIECES) for _ in range(self.rng.randrange(1, 7)))]

    def any(self):
        """It can be a time of expiry, so it is no small number."""
        words = self.rng.choice([self.key, self.value, self.option, self.wrong, self.seconds, self.name, self.pattern])()
        return [b"one"] if re.fullmatch(rb"[1-9][0-9]{0,6}", words[0]) else words


class Generator:
    def __init__(self, seed, families, password):
        self.rng = random.Random(seed)
        self.families = families
        self.password = password
        self.words = Words(self.rng, families, password)
        self.in_transaction = [False] * CONNECTIONS

    def episode(self, commands):
        """Steps with about that many commands."""
        steps, count = [], 0
        for i in range(CONNECTIONS):
            auth = [b"AUTH", b"default", self.password] if self.password else []
            steps.append((i, "commands", [self.command_of(b"HELLO", self.rng.choice([b"2", b"3"]), *auth)]))
        while count < commands:
            connection = self.rng.randrange(CONNECTIONS)
            for kind, payload in self.some_steps(connection):
                steps.append((connection, kind, payload))
                count += len(payload) if kind == "commands" else 1
        return steps

    def some_steps(self, connection):
        chance = self.rng.random()
        if chance < 0.0002:
            return self.expiring_slowly(connection) if "transactions" in self.families else self.expiring(connection)
        if chance < 0.002:
            return self.expiring(connection)
        if chance < 0.003:
            return [("commands", self.big())]
        if chance < 0.05:
            return [("raw", self.raw())]
        if chance < 0.10 and "keyspace" in self.families:
            return [("scan", self.scan())]
        if chance < 0.15 and "transactions" in self.families:
            self.in_transaction[connection] = False
            return [("commands", self.transaction())]
        if self.in_transaction[connection] and chance < 0.3:
            return [self.alone([self.rng.choice([b"EXEC", b"EXEC", b"EXEC", b"DISCARD"])], connection)]
        if chance > 0.93:
            commands = [self.command() for _ in range(self.rng.randrange(2, 20))]
            return [("commands", [command for command in commands if self.can_be_pipelined(command)] or [self.command_of(b"PING")])]
        return [self.alone(self.random_words(), connection)]

    @staticmethod
    def can_be_pipelined(command):
        return command[0][:1] == [] or command[0][0].upper() not in (b"MULTI", b"EXEC", b"WATCH")

    def alone(self, words, connection):
        name = words[0].upper()
        if len(words) == 1 and name in (b"MULTI", b"EXEC", b"DISCARD", b"RESET"):
            self.in_transaction[connection] = name == b"MULTI"
        return ("commands", [self.command_of(*words)])

    # ---- one command ----

    def random_words(self):
        weights = [FORMS[family][0] for family in self.families]
        form = self.rng.choice(FORMS[self.rng.choices(self.families, weights)[0]][1])
        if form[0] == "COMMAND" and "<command>" in form:
            form = ["<described_command>" if word == "<command>" else word for word in form]
        return self.words.expand(form)

    def command(self):
        return self.command_of(*self.random_words())

    def command_of(self, *words):
        """The words, and their bytes: as an array, or inline."""
        words = list(words)
        if self.rng.random() < 0.15:
            words[0] = self.rng.choice([words[0].lower(), words[0].swapcase(), words[0].title()])
        if self.rng.random() < 0.1 and words[0] != b"":
            return words, self.inline(words)
        if self.rng.random() < 0.01:
            return words, self.rng.choice([b"\r\n", b"*0\r\n", b"*-1\r\n", b"\n"]) + encode(words)
        return words, encode(words)

    def inline(self, words):
        line = self.rng.choice([b"", b" ", b"\t "]) + self.rng.choice([b" ", b"  ", b"\t"]).join(map(self.quoted, words))
        return line + self.rng.choice([b"\r\n", b"\r\n", b"\n", b" \r\n"])

    def quoted(self, word):
        """A word of an inline command, in one of its notations."""
        is_plain = re.fullmatch(rb"[A-Za-z0-9:*?.\[\]^+-]+", word) is not None
        if is_plain and self.rng.random() < 0.6:
            return word
        if re.fullmatch(rb"[ -~]*", word) and b"'" not in word and b"\\" not in word and self.rng.random() < 0.4:
            return b"'" + word + b"'"
        named = {b"\n": b"\\n", b"\r": b"\\r", b'"': b'\\"', b"\\": b"\\\\"}
        return b'"' + re.sub(rb'[^ -~]|["\\]', lambda at: named.get(at[0]) or b"\\x%02x" % at[0][0], word) + b'"'

    # ---- several commands ----

    def transaction(self):
        """All at once, as clients do in their pipelines."""
        commands = [self.command() for _ in range(self.rng.randrange(8))]
        commands = [command for command in commands if self.can_be_pipelined(command)]
        return [self.command_of(b"MULTI"), *commands, self.command_of(b"EXEC")]

    def scan(self):
        words = [b"SCAN", self.rng.choice([b"0", b"0", b"0", b"", b"00"])]
        options = [[b"MATCH"] + self.words.pattern(), [b"COUNT", self.rng.choice([b"1", b"3", b"10", b"1000"])],
                   [b"TYPE", self.rng.choice([b"string", b"STRING", b"list", b"nope"])]]
        for option in self.rng.sample(options, self.rng.randrange(4)):
            words += option
        return words

    def expiring(self, connection):
        key = self.words.key()[0]
        forms = [f"SET {{}} <value> PX 1", "PSETEX {} 1 <value>"]
        words = self.words.expand(self.rng.choice(forms).split())
        words = [key if word == b"{}" else word for word in words]
        checks = [[b"GET", key], [b"EXISTS", key, key], [b"TTL", key], [b"INCR", key], [b"SETNX", key, b"1"], [b"DEL", key],
                  [b"PERSIST", key], [b"APPEND", key, b"x"], [b"SET", key, b"1", b"KEEPTTL"], [b"EXPIRE", key, b"10000000"],
                  [b"STRLEN", key], [b"TYPE", key], [b"SET", key, b"1", b"XX"], [b"MGET", key, b"a"], [b"GETDEL", key]]
        checks = [self.rng.choice(checks), [b"GET", key], [b"PTTL", key], [b"SET", key, b"1"]]
        return [self.alone([b"DISCARD"], connection), ("commands", [self.command_of(*words)]), ("sleep", 20),
                ("commands", [self.command_of(*check) for check in checks])]

    def expiring_slowly(self, connection):
        """A watched key expires. 0.5 s are enough to reach WATCH before that."""
        begin = [[b"SET", b"watched", b"1", b"PX", b"500"], [b"WATCH", b"watched"], [b"MULTI"], [b"SET", b"watched", b"2"]]
        return [self.alone([b"DISCARD"], connection), ("commands", [self.command_of(b"UNWATCH")]),
                ("commands", [self.command_of(*words) for words in begin]), ("sleep", 600),
                ("commands", [self.command_of(b"EXEC")]), ("commands", [self.command_of(b"DEL", b"watched")])]

    def big(self):
        """At the longest argument and the longest value, which are 1 MiB. The key does not stay."""
        size = 1048576 - self.rng.choice([0, 0, 1, 2])
        words = [[b"SET", b"big", b"v" * size], [b"APPEND", b"big", b""], [b"APPEND", b"big", b"x"], [b"STRLEN", b"big"],
                 [b"APPEND", b"big", b"yz"], [b"GET", b"big"], [b"DEL", b"big"], [b"STRLEN", b"k" * size]]
        return [(word, encode(word)) for word in words]

    def raw(self):
        """Each CR has an LF, and each LF has a CR."""
        if self.rng.random() < 0.05:
            return self.rng.choice(HTTP)
        return re.sub(rb"\r?\n|\r", b"\r\n", self.bytes())

    def bytes(self):
        """Commands and then something that ends the connection, or bytes that were changed."""
        forms = [["GET", "<key>"], ["SET", "<key>", "<text>"], ["INCRBY", "<key>", "<digits>"], ["PING"], ["DEL", "<key>"]]
        if self.rng.random() < 0.3:
            alphabet = b"*$+-:1230 \r\n\t\"'\\xGETPING\xff\x01" if self.rng.random() < 0.7 else bytes(range(1, 256))
            return bytes(self.rng.choice(alphabet) for _ in range(self.rng.randrange(1, 60))) + b"\r\n"
        data = b""
        for _ in range(self.rng.randrange(4)):
            words = [self.rng.choice([b"a", b"1", b"\xff\r\n", b""]) if word[0] == "<" else word.encode()
                     for word in self.rng.choice(forms)]
            data += encode(words) if self.rng.random() < 0.7 else self.inline(words)
        if data == b"" or self.rng.random() < 0.6:
            return data + self.rng.choice(ENDINGS)
        return self.mutated(data)

    def mutated(self, data):
        """Without letters that make commands of Redis such as HGET, LSET and XDEL."""
        other = [byte for byte in range(1, 256) if byte not in b"hHlLxX"]
        data = bytearray(data)
        for _ in range(self.rng.randrange(1, 4)):
            at = self.rng.randrange(len(data))
            change = self.rng.randrange(3)
            if change == 0:
                data[at] = self.rng.choice(other)
            elif change == 1:
                data.insert(at, self.rng.choice(other))
            elif len(data) > 1:
                del data[at]
        return bytes(data)
