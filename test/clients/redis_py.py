"""redis-py with its default settings. play.sh says how this program is run.

The steps are the same as in the programs for the other clients.
"""

import sys
import urllib.parse

import redis

BINARY = bytes(range(256)) + b"\r\n$5\r\n" + bytes(300_000)
MANY = {b"many:%d" % i for i in range(1000)}


def expect(value, wanted):
    if value != wanted:
        raise AssertionError(f"got {value!r} instead of {wanted!r}")


def expect_error(kind, text, call, *arguments):
    try:
        value = call(*arguments)
    except kind as error:
        if text not in str(error):
            raise
    else:
        raise AssertionError(f"got {value!r} instead of {kind}")


def request(word):
    print(word, flush=True)
    expect(sys.stdin.readline(), "done\n")


def url(user, password):
    host, port = sys.argv[1:3]
    if password is None:
        return f"redis://{host}:{port}"
    return f"redis://{user}:{urllib.parse.quote(password)}@{host}:{port}"


def use_commands(client):
    expect(client.ping(), True)
    expect(client.client_info()["db"], 0)  # an error without a field that redis-py knows
    expect(client.get("absent"), None)
    expect(client.set("text", "hello"), True)
    expect(client.get("text"), b"hello")
    expect(client.set("binary", BINARY), True)
    expect(client.get("binary"), BINARY)
    expect(client.set("text", "other", nx=True), None)
    expect(client.mget("text", "absent"), [b"hello", None])
    expect([client.incr("number"), client.incr("number", 9), client.decr("number"), client.decr("number", 4)], [1, 10, 9, 5])
    expect([client.exists("text", "absent"), client.delete("text", "absent", "binary", "number")], [1, 3])


def use_expiry(client):
    expect(client.set("brief", "1", ex=100), True)
    expect(client.ttl("brief") in (99, 100), True)
    expect(client.expire("brief", 1000), True)
    expect(client.ttl("brief") in (999, 1000), True)
    expect(99_000 * 10 < client.pttl("brief") <= 1_000_000, True)
    expect([client.persist("brief"), client.ttl("brief"), client.ttl("absent")], [True, -1, -2])
    expect(client.set("brief", "2", px=1), True)
    while client.get("brief") is not None:
        pass
    expect(client.exists("brief"), 0)


def use_scan(client):
    expect(client.mset({key: "1" for key in MANY} | {"other": "1"}), True)
    expect(set(client.scan_iter()), MANY | {b"other"})
    expect(set(client.scan_iter(match="many:*", count=100)), MANY)
    expect(set(client.keys("many:*")), MANY)
    expect(client.delete(*MANY, "other"), 1001)
    expect(list(client.scan_iter()), [])


def use_pipeline(client):
    """The default pipeline is a transaction. The other kind only sends its commands together."""
    for transaction in (True, False):
        with client.pipeline(transaction=transaction) as pipeline:
            pipeline.set("count", 41).incr("count").get("count").get("absent").delete("count")
            expect(pipeline.execute(), [True, 42, b"42", None, 1])
            pipeline.set("text", "hello").incr("text").delete("text")
            replies = pipeline.execute(raise_on_error=False)
            expect([replies[0], type(replies[1]), replies[2]], [True, redis.ResponseError, 1])
            for i in range(10_000):
                pipeline.set("many", i)
            expect(pipeline.execute(), [True] * 10_000)


def use_transaction(client, other):
    client.set("watched", "1")
    with client.pipeline() as pipeline:
        pipeline.watch("watched")
        expect(pipeline.get("watched"), b"1")
        pipeline.multi()
        pipeline.set("watched", "2").get("watched")
        expect(pipeline.execute(), [True, b"2"])

        pipeline.watch("watched")
        other.set("watched", "3")
        pipeline.multi()
        pipeline.set("watched", "4")
        expect_error(redis.WatchError, "", pipeline.execute)
    expect(client.get("watched"), b"3")

    def double(pipeline):
        number = int(pipeline.get("watched"))
        pipeline.multi()
        pipeline.set("watched", 2 * number)

    expect(client.transaction(double, "watched"), [True])
    expect([client.get("watched"), client.delete("watched")], [b"6", 1])


def use_errors(client):
    client.set("text", "hello")
    expect_error(redis.ResponseError, "value is not an integer or out of range", client.incr, "text")
    expect_error(redis.ResponseError, "unknown command", client.execute_command, "NONSENSE")
    expect_error(redis.ResponseError, "wrong number of arguments", client.execute_command, "GET")
    with client.pipeline() as pipeline:
        pipeline.set("text", "other").execute_command("NONSENSE")
        expect_error(redis.ResponseError, "unknown command", pipeline.execute)
    expect([client.get("text"), client.delete("text")], [b"hello", 1])


def use_restart(client):
    client.set("lost", "1")
    request("stop")
    expect_error(redis.ConnectionError, "", client.get, "lost")
    request("start")
    expect(client.get("lost"), None)
    expect([client.incr("count"), client.get("count")], [1, b"1"])


def use_password(password):
    expect(redis.Redis.from_url(url("", password)).ping(), True)
    # Version 4 has no type of its own for the first.
    kinds = (redis.AuthenticationError, redis.ResponseError)
    expect_error(kinds, "invalid username-password pair", redis.Redis.from_url(url("default", "wrong")).ping)
    expect_error(redis.AuthenticationError, "", redis.Redis.from_url(url("", None)).ping)


def main():
    password = sys.argv[3] if len(sys.argv) > 3 else None
    print("redis-py", redis.__version__)
    client = redis.Redis.from_url(url("default", password))
    other = redis.Redis.from_url(url("default", password))
    use_commands(client)
    use_expiry(client)
    use_scan(client)
    use_pipeline(client)
    use_transaction(client, other)
    use_errors(client)
    if password is not None:
        use_password(password)
    use_restart(client)


main()
