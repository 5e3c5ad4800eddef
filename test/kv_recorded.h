/*
 * What redis-server 7.0.15 answered, recorded (with proto-max-bulk-len 1mb and databases 1). Each
 * request came on a store that had just been emptied. For test_kv.c.
 */
#ifndef KV_RECORDED_H
#define KV_RECORDED_H

struct exchange {
    const char *request;
    const char *reply;
};

static const struct exchange errors[] = {
    {"PING a b\n", "-ERR wrong number of arguments for 'ping' command\r\n"},
    {"ECHO\n", "-ERR wrong number of arguments for 'echo' command\r\n"},
    {"ECHO a b\n", "-ERR wrong number of arguments for 'echo' command\r\n"},
    {"SET\n", "-ERR wrong number of arguments for 'set' command\r\n"},
    {"SET k\n", "-ERR wrong number of arguments for 'set' command\r\n"},
    {"GET\n", "-ERR wrong number of arguments for 'get' command\r\n"},
    {"GET a b\n", "-ERR wrong number of arguments for 'get' command\r\n"},
    {"DEL\n", "-ERR wrong number of arguments for 'del' command\r\n"},
    {"EXISTS\n", "-ERR wrong number of arguments for 'exists' command\r\n"},
    {"INCR\n", "-ERR wrong number of arguments for 'incr' command\r\n"},
    {"INCR a b\n", "-ERR wrong number of arguments for 'incr' command\r\n"},
    {"DECR\n", "-ERR wrong number of arguments for 'decr' command\r\n"},
    {"DECR a b\n", "-ERR wrong number of arguments for 'decr' command\r\n"},
    {"INCRBY\n", "-ERR wrong number of arguments for 'incrby' command\r\n"},
    {"INCRBY a\n", "-ERR wrong number of arguments for 'incrby' command\r\n"},
    {"INCRBY a 1 2\n", "-ERR wrong number of arguments for 'incrby' command\r\n"},
    {"MGET\n", "-ERR wrong number of arguments for 'mget' command\r\n"},
    {"MSET\n", "-ERR wrong number of arguments for 'mset' command\r\n"},
    {"MSET a\n", "-ERR wrong number of arguments for 'mset' command\r\n"},
    {"MSET a 1 b\n", "-ERR wrong number of arguments for 'mset' command\r\n"},
    {"EXPIRE\n", "-ERR wrong number of arguments for 'expire' command\r\n"},
    {"EXPIRE a\n", "-ERR wrong number of arguments for 'expire' command\r\n"},
    {"TTL\n", "-ERR wrong number of arguments for 'ttl' command\r\n"},
    {"TTL a b\n", "-ERR wrong number of arguments for 'ttl' command\r\n"},
    {"DBSIZE a\n", "-ERR wrong number of arguments for 'dbsize' command\r\n"},
    {"CONFIG\n", "-ERR wrong number of arguments for 'config' command\r\n"},
    {"CONFIG get\n", "-ERR wrong number of arguments for 'config|get' command\r\n"},
    {"CONFIG nope\n", "-ERR unknown subcommand 'nope'. Try CONFIG HELP.\r\n"},
    {"COMMAND nope\n", "-ERR unknown subcommand 'nope'. Try COMMAND HELP.\r\n"},
    {"HELLO x\n", "-ERR Protocol version is not an integer or out of range\r\n"},
    {"HELLO 1\n", "-NOPROTO unsupported protocol version\r\n"},
    {"HELLO 4\n", "-NOPROTO unsupported protocol version\r\n"},
    {"HELLO 2 nope\n", "-ERR Syntax error in HELLO option 'nope'\r\n"},
    {"HELLO 2 SETNAME\n", "-ERR Syntax error in HELLO option 'SETNAME'\r\n"},
    {"FLUSHALL nope\n", "-ERR syntax error\r\n"},
    {"FLUSHALL SYNC\n", "+OK\r\n"},
    {"FLUSHALL async\n", "+OK\r\n"},
    {"FLUSHALL SYNC SYNC\n", "-ERR syntax error\r\n"},
    {"nope\n", "-ERR unknown command 'nope', with args beginning with: \r\n"},
    {"nope a b\n", "-ERR unknown command 'nope', with args beginning with: 'a' 'b' \r\n"},
    {"nope \"\" b\n", "-ERR unknown command 'nope', with args beginning with: '' 'b' \r\n"},
    {"\"\" x\n", "-ERR unknown command '', with args beginning with: 'x' \r\n"},
    {"GET  k\n", "$-1\r\n"},
    {"nope \"a\\nb\"\n", "-ERR unknown command 'nope', with args beginning with: 'a b' \r\n"},
    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx "
     "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyy "
     "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
     "zzzzzzz w\n",
     "-ERR unknown command "
     "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', with args beginning with: "
     "'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyyy' 'zzzzzzzzzzzzzzzzzzzzzzzzz' \r\n"},
    {"nope "
     "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy z\n",
     "-ERR unknown command 'nope', with args beginning with: "
     "'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy' \r\n"},
};

static const struct exchange commands[] = {
    {"PING\n", "+PONG\r\n"},
    {"ping \"a b\"\n", "$3\r\na b\r\n"},
    {"ECHO hello\n", "$5\r\nhello\r\n"},
    {"SET k v\nGET k\nget K\n", "+OK\r\n$1\r\nv\r\n$-1\r\n"},
    {"GET none\n", "$-1\r\n"},
    {"SET k \"\"\nGET k\n", "+OK\r\n$0\r\n\r\n"},
    {"SET \"\" v\nGET \"\"\nEXISTS \"\"\n", "+OK\r\n$1\r\nv\r\n:1\r\n"},
    {"SET a 1\nSET b 2\nDEL a a none\nEXISTS a b b\nDBSIZE\n", "+OK\r\n+OK\r\n:1\r\n:2\r\n:1\r\n"},
    {"MSET a 1 b 2 a 3\nMGET a none b a\nDBSIZE\n",
     "+OK\r\n*4\r\n$1\r\n3\r\n$-1\r\n$1\r\n2\r\n$1\r\n3\r\n:2\r\n"},
    {"INCR n\nINCRBY n 10\nDECR n\nINCRBY n -20\nGET n\n",
     ":1\r\n:11\r\n:10\r\n:-10\r\n$3\r\n-10\r\n"},
    {"SET a 1\nFLUSHALL\nDBSIZE\nGET a\n", "+OK\r\n+OK\r\n:0\r\n$-1\r\n"},
    {"CONFIG GET save\n", "*2\r\n$4\r\nsave\r\n$0\r\n\r\n"},
    {"CONFIG GET appendonly\n", "*2\r\n$10\r\nappendonly\r\n$2\r\nno\r\n"},
    {"CONFIG GET nope\n", "*0\r\n"},
};

static const struct exchange set[] = {
    {"SET k v NX\nGET k\nTTL k\n", "+OK\r\n$1\r\nv\r\n:-1\r\n"},
    {"SET k v XX\nGET k\nTTL k\n", "$-1\r\n$-1\r\n:-2\r\n"},
    {"SET k v NX NX\nGET k\nTTL k\n", "+OK\r\n$1\r\nv\r\n:-1\r\n"},
    {"SET k v NX XX\nGET k\nTTL k\n", "-ERR syntax error\r\n$-1\r\n:-2\r\n"},
    {"SET k v XX NX\nGET k\nTTL k\n", "-ERR syntax error\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX 10\nGET k\nTTL k\n", "+OK\r\n$1\r\nv\r\n:10\r\n"},
    {"SET k v PX 9900\nGET k\nTTL k\n", "+OK\r\n$1\r\nv\r\n:10\r\n"},
    {"SET k v ex 10 nx\nGET k\nTTL k\n", "+OK\r\n$1\r\nv\r\n:10\r\n"},
    {"SET k v EX 10 XX\nGET k\nTTL k\n", "$-1\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX 10 EX 20\nGET k\nTTL k\n", "+OK\r\n$1\r\nv\r\n:20\r\n"},
    {"SET k v EX 10 PX 10\nGET k\nTTL k\n", "-ERR syntax error\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX\nGET k\nTTL k\n", "-ERR syntax error\r\n$-1\r\n:-2\r\n"},
    {"SET k v NX EX\nGET k\nTTL k\n", "-ERR syntax error\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX NX\nGET k\nTTL k\n",
     "-ERR value is not an integer or out of range\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX 0\nGET k\nTTL k\n", "-ERR invalid expire time in 'set' command\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX -1\nGET k\nTTL k\n",
     "-ERR invalid expire time in 'set' command\r\n$-1\r\n:-2\r\n"},
    {"SET k v PX 0\nGET k\nTTL k\n", "-ERR invalid expire time in 'set' command\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX abc\nGET k\nTTL k\n",
     "-ERR value is not an integer or out of range\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX abc nope\nGET k\nTTL k\n", "-ERR syntax error\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX 01\nGET k\nTTL k\n",
     "-ERR value is not an integer or out of range\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX +1\nGET k\nTTL k\n",
     "-ERR value is not an integer or out of range\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX \" 1\"\nGET k\nTTL k\n",
     "-ERR value is not an integer or out of range\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX \"\"\nGET k\nTTL k\n",
     "-ERR value is not an integer or out of range\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX 9223372036854775807\nGET k\nTTL k\n",
     "-ERR invalid expire time in 'set' command\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX 9223372036854776\nGET k\nTTL k\n",
     "-ERR invalid expire time in 'set' command\r\n$-1\r\n:-2\r\n"},
    {"SET k v PX 9223372036854775807\nGET k\nTTL k\n",
     "-ERR invalid expire time in 'set' command\r\n$-1\r\n:-2\r\n"},
    {"SET k v EX 9223372036854775808\nGET k\nTTL k\n",
     "-ERR value is not an integer or out of range\r\n$-1\r\n:-2\r\n"},
    {"SET k v nope\nGET k\nTTL k\n", "-ERR syntax error\r\n$-1\r\n:-2\r\n"},
    {"SET k v \"\"\nGET k\nTTL k\n", "-ERR syntax error\r\n$-1\r\n:-2\r\n"},
    {"SET k old\nSET k v NX\nGET k\nTTL k\n", "+OK\r\n$-1\r\n$3\r\nold\r\n:-1\r\n"},
    {"SET k old\nSET k v XX\nGET k\nTTL k\n", "+OK\r\n+OK\r\n$1\r\nv\r\n:-1\r\n"},
    {"SET k old\nSET k v XX EX 10\nGET k\nTTL k\n", "+OK\r\n+OK\r\n$1\r\nv\r\n:10\r\n"},
    {"SET k v EX 10\nSET k w\nTTL k\n", "+OK\r\n+OK\r\n:-1\r\n"},
    {"SET k 1 EX 10\nINCR k\nTTL k\n", "+OK\r\n:2\r\n:10\r\n"},
    {"SET k 1 EX 10\nMSET k 2\nTTL k\n", "+OK\r\n+OK\r\n:-1\r\n"},
};

static const struct exchange numbers[] = {
    {"SET k 9223372036854775806\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n:9223372036854775807\r\n:9223372036854775806\r\n:9223372036854775805\r\n$"
     "19\r\n9223372036854775805\r\n"},
    {"SET k 9223372036854775807\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR increment or decrement would "
     "overflow\r\n:9223372036854775806\r\n:9223372036854775805\r\n$19\r\n9223372036854775805\r\n"},
    {"SET k -9223372036854775808\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n:-9223372036854775807\r\n:-9223372036854775808\r\n-ERR increment or decrement would "
     "overflow\r\n$20\r\n-9223372036854775808\r\n"},
    {"SET k 9223372036854775808\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$19\r\n9223372036854775808\r\n"},
    {"SET k -9223372036854775809\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$20\r\n-9223372036854775809\r\n"},
    {"SET k 99999999999999999999\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$20\r\n99999999999999999999\r\n"},
    {"SET k 01\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$2\r\n01\r\n"},
    {"SET k -0\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$2\r\n-0\r\n"},
    {"SET k -01\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$3\r\n-01\r\n"},
    {"SET k +1\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$2\r\n+1\r\n"},
    {"SET k \" 1\"\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$2\r\n 1\r\n"},
    {"SET k \"1 \"\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$2\r\n1 \r\n"},
    {"SET k \"\"\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$0\r\n\r\n"},
    {"SET k -\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$1\r\n-\r\n"},
    {"SET k abc\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$3\r\nabc\r\n"},
    {"SET k 1.0\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$3\r\n1.0\r\n"},
    {"SET k \"1\\n\"\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$2\r\n1\n\r\n"},
    {"SET k 00\nINCR k\nDECR k\nDECR k\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n-ERR value is not an integer or out "
     "of range\r\n-ERR value is not an integer or out of range\r\n$2\r\n00\r\n"},
    {"SET k 1\nINCRBY k 9223372036854775806\nGET k\n",
     "+OK\r\n:9223372036854775807\r\n$19\r\n9223372036854775807\r\n"},
    {"SET k 1\nINCRBY k 9223372036854775807\nGET k\n",
     "+OK\r\n-ERR increment or decrement would overflow\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k 9223372036854775808\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k 99999999999999999999\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k 01\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k -0\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k -01\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k +1\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k \" 1\"\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k \"1 \"\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k \"\"\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k -\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k abc\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k 1.0\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k \"1\\n\"\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k 1\nINCRBY k 00\nGET k\n",
     "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\n1\r\n"},
    {"SET k -1\nINCRBY k -9223372036854775808\nINCRBY k -9223372036854775807\nGET k\n",
     "+OK\r\n-ERR increment or decrement would "
     "overflow\r\n:-9223372036854775808\r\n$20\r\n-9223372036854775808\r\n"},
};

static const struct exchange expiry[] = {
    {"TTL none\n", ":-2\r\n"},
    {"SET k v\nTTL k\n", "+OK\r\n:-1\r\n"},
    {"EXPIRE none 10\n", ":0\r\n"},
    {"SET k v\nEXPIRE k 10\nTTL k\n", "+OK\r\n:1\r\n:10\r\n"},
    {"SET k v\nEXPIRE k -1\nGET k\nTTL k\nDBSIZE\n", "+OK\r\n:1\r\n$-1\r\n:-2\r\n:0\r\n"},
    {"SET k v\nEXPIRE k 0\nEXISTS k\n", "+OK\r\n:1\r\n:0\r\n"},
    {"SET k v\nEXPIRE k abc\n", "+OK\r\n-ERR value is not an integer or out of range\r\n"},
    {"SET k v\nEXPIRE k 01\n", "+OK\r\n-ERR value is not an integer or out of range\r\n"},
    {"SET k v\nEXPIRE k 10 nope\n", "+OK\r\n-ERR Unsupported option nope\r\n"},
    {"SET k v\nEXPIRE k 9223372036854775807\nEXPIRE k -9223372036854775808\nGET k\n",
     "+OK\r\n-ERR invalid expire time in 'expire' command\r\n-ERR invalid expire time in 'expire' "
     "command\r\n$1\r\nv\r\n"},
    {"SET k v\nEXPIRE k 9223372036854776\n",
     "+OK\r\n-ERR invalid expire time in 'expire' command\r\n"},
    {"EXPIRE none -10\n", ":0\r\n"},
    /* It adds milliseconds since 1970: the first passed the limit in 2021, and the others will in
     * 2351. */
    {"SET k v\nEXPIRE k 9223370399119966\nTTL k\n",
     "+OK\r\n-ERR invalid expire time in 'expire' command\r\n:-1\r\n"},
    {"SET k v\nEXPIRE k 9223360000000000\nTTL k\n", "+OK\r\n:1\r\n:9223360000000000\r\n"},
    {"SET k v\nEXPIRE k -9223372036854775\nTTL k\n", "+OK\r\n:1\r\n:-2\r\n"},
    {"SET k v\nEXPIRE k -9223372036854776\nTTL k\n",
     "+OK\r\n-ERR invalid expire time in 'expire' command\r\n:-1\r\n"},
    {"EXPIRE none 9223370399119966\n", "-ERR invalid expire time in 'expire' command\r\n"},
    {"SET k v EX 9223370399119966\nGET k\n",
     "-ERR invalid expire time in 'set' command\r\n$-1\r\n"},
    {"SET k v PX 9223370399119966000\nGET k\n",
     "-ERR invalid expire time in 'set' command\r\n$-1\r\n"},
    {"SET k v EX 9223360000000000\nTTL k\n", "+OK\r\n:9223360000000000\r\n"},
    {"SET k v PX 9223360000000000000\nTTL k\n", "+OK\r\n:9223360000000000\r\n"},
};

static const struct exchange strings[] = {
    {"DECRBY n 5\nDECRBY n -7\nDECRBY n x\nDECRBY n -9223372036854775808\nSET n "
     "-9223372036854775807\nDECRBY n 2\n",
     ":-5\r\n:2\r\n-ERR value is not an integer or out of range\r\n-ERR decrement would "
     "overflow\r\n+OK\r\n-ERR increment or decrement would overflow\r\n"},
    {"SETEX k 10 v\nTTL k\nSETEX k 0 v\nSETEX k x v\nSETEX k 9223372036854775807 v\nGET k\n",
     "+OK\r\n:10\r\n-ERR invalid expire time in 'setex' command\r\n-ERR value is not an integer or "
     "out of range\r\n-ERR invalid expire time in 'setex' command\r\n$1\r\nv\r\n"},
    {"PSETEX k 9900 v\nTTL k\nPSETEX k -1 v\n",
     "+OK\r\n:10\r\n-ERR invalid expire time in 'psetex' command\r\n"},
    {"SETNX k v\nSETNX k w\nGET k\n", ":1\r\n:0\r\n$1\r\nv\r\n"},
    {"SET k v EX 10\nGETSET k w\nTTL k\nGETSET none w\n", "+OK\r\n$1\r\nv\r\n:-1\r\n$-1\r\n"},
    {"GETDEL k\nSET k v\nGETDEL k\nGETDEL k\n", "$-1\r\n+OK\r\n$1\r\nv\r\n$-1\r\n"},
    {"APPEND k \"\"\nEXISTS k\nAPPEND k ab\nAPPEND k \"c\\x01\"\nGET k\nSTRLEN k\nSTRLEN none\n",
     ":0\r\n:1\r\n:2\r\n:4\r\n$4\r\nabc\001\r\n:4\r\n:0\r\n"},
    {"SET k v EX 10\nAPPEND k w\nTTL k\n", "+OK\r\n:2\r\n:10\r\n"},
    {"TYPE k\nSET k v\nTYPE k\n", "+none\r\n+OK\r\n+string\r\n"},
    {"SET a 1\nSET b 1\nUNLINK a b c\nFLUSHDB\nFLUSHDB ASYNC\nFLUSHDB nope\n",
     "+OK\r\n+OK\r\n:2\r\n+OK\r\n+OK\r\n-ERR syntax error\r\n"},
    {"SET k v GET\nSET k w GET\nSET k x NX GET\nSET none x XX GET\nGET k\n",
     "$-1\r\n$1\r\nv\r\n$1\r\nw\r\n$-1\r\n$1\r\nw\r\n"},
    {"SET k v EX 10\nSET k w KEEPTTL\nTTL k\nSET new w KEEPTTL\nTTL new\nSET k x KEEPTTL EX "
     "10\nSET k x EX 10 KEEPTTL\nSET k x KEEPTTL KEEPTTL\nSET k y\nTTL k\n",
     "+OK\r\n+OK\r\n:10\r\n+OK\r\n:-1\r\n-ERR syntax error\r\n-ERR syntax "
     "error\r\n+OK\r\n+OK\r\n:-1\r\n"},
};

static const struct exchange expire_options[] = {
    {"SET k v\nEXPIRE k 10 XX\nEXPIRE k 10 GT\nEXPIRE k 10 NX\nEXPIRE k 20 NX\nEXPIRE k 20 LT\nTTL "
     "k\nEXPIRE k 20 GT\nEXPIRE k 10 GT\nTTL k\nEXPIRE k 10 XX LT\nTTL k\nEXPIRE k 0 GT\nEXISTS "
     "k\nEXPIRE k 0 lt\nEXISTS k\n",
     "+OK\r\n:0\r\n:0\r\n:1\r\n:0\r\n:0\r\n:10\r\n:1\r\n:0\r\n:20\r\n:1\r\n:10\r\n:0\r\n:1\r\n:"
     "1\r\n:0\r\n"},
    {"SET k v\nEXPIRE k 10 LT\nTTL k\n", "+OK\r\n:1\r\n:10\r\n"},
    {"EXPIRE k 10 NX XX\nEXPIRE k 10 NX GT\nEXPIRE k 10 GT LT\nEXPIRE k x NX XX\nEXPIRE k 10 nope "
     "NX XX\nEXPIRE none 10 NX\n",
     "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n-ERR NX and XX, GT "
     "or LT options at the same time are not compatible\r\n-ERR GT and LT options at the same time "
     "are not compatible\r\n-ERR NX and XX, GT or LT options at the same time are not "
     "compatible\r\n-ERR Unsupported option nope\r\n:0\r\n"},
    {"SET k v\nPEXPIRE k 9900\nTTL k\nPEXPIRE k 9223372036854775807\nPEXPIRE k 0\nEXISTS k\nPTTL "
     "none\n",
     "+OK\r\n:1\r\n:10\r\n-ERR invalid expire time in 'pexpire' command\r\n:1\r\n:0\r\n:-2\r\n"},
    {"SET k v\nPTTL k\nPERSIST k\nEXPIRE k 10\nPERSIST k\nTTL k\nPERSIST none\n",
     "+OK\r\n:-1\r\n:0\r\n:1\r\n:1\r\n:-1\r\n:0\r\n"},
};

static const struct exchange inline_lines[] = {
    {"ECHO \"a b\"\n", "$3\r\na b\r\n"},
    {"ECHO 'a b'\n", "$3\r\na b\r\n"},
    {"ECHO a\"b c\"\n", "$4\r\nab c\r\n"},
    {"ECHO \"\\n\\r\\t\\b\\a\\q\\x41\\xzz\\\"\"\n", "$11\r\n\n\r\t\010\007qAxzz\"\r\n"},
    {"ECHO 'a\\nb\\'c'\n", "$6\r\na\\nb'c\r\n"},
    {"ECHO \"\"\n", "$0\r\n\r\n"},
    {"ECHO ''\n", "$0\r\n\r\n"},
    {"  \tPING  \n", "+PONG\r\n"},
    {"\n", ""},
    {"   \n\t\nPING\n", "+PONG\r\n"},
    {"ECHO \\x41\n", "$4\r\n\\x41\r\n"},
    {"ECHO \"\\xff\"\nPING\n", "$1\r\n\377\r\n+PONG\r\n"},
    {"ECHO a\013b\n", "$3\r\na\013b\r\n"},
    {"PING\r\n\r\n\r\r\nPING\n", "+PONG\r\n+PONG\r\n"},
};

static const struct exchange connecting[] = {
    {"CLIENT\n", "-ERR wrong number of arguments for 'client' command\r\n"},
    {"CLIENT GETNAME\nCLIENT SETNAME bob\nclient getname\nCLIENT SETNAME \"\"\nCLIENT GETNAME\n",
     "$-1\r\n+OK\r\n$3\r\nbob\r\n+OK\r\n$-1\r\n"},
    {"CLIENT SETNAME \"a b\"\nCLIENT SETNAME \"a\\x7f\"\n",
     "-ERR Client names cannot contain spaces, newlines or special characters.\r\n-ERR Client "
     "names cannot contain spaces, newlines or special characters.\r\n"},
    {"CLIENT SETNAME x\nRESET\nCLIENT GETNAME\n", "+OK\r\n+RESET\r\n$-1\r\n"},
    {"CLIENT NOPE x\n", "-ERR unknown subcommand 'NOPE'. Try CLIENT HELP.\r\n"},
    {"SELECT 0\nSELECT 1\nSELECT -1\nSELECT x\nSELECT 2147483648\n",
     "+OK\r\n-ERR DB index is out of range\r\n-ERR DB index is out of range\r\n-ERR value is not "
     "an integer or out of range\r\n-ERR value is out of range, value must between -2147483648 and "
     "2147483647\r\n"},
    {"AUTH x\nAUTH default x\nAUTH Default x\nAUTH a b c\nAUTH bob x\n",
     "-ERR AUTH <password> called without any password configured for the default user. Are you "
     "sure your configuration is correct?\r\n+OK\r\n-WRONGPASS invalid username-password pair or "
     "user is disabled.\r\n-ERR syntax error\r\n-WRONGPASS invalid username-password pair or user "
     "is disabled.\r\n"},
    {"HELLO 3 SETNAME\nHELLO 3 SETNAME \"a b\"\nHELLO 3 AUTH bob x\nHELLO 3 AUTH x\nHELLO 3 AUTH x "
     "SETNAME y NOPE\nHELLO 3 AUTH bob x SETNAME \"a b\"\nHELLO 4 AUTH bob x\nHELLO "
     "99999999999999999999\nHELLO 2 SETNAME q SETNAME \"r s\"\nCLIENT GETNAME\nGET none\n",
     "-ERR Syntax error in HELLO option 'SETNAME'\r\n-ERR Client names cannot contain spaces, "
     "newlines or special characters.\r\n-WRONGPASS invalid username-password pair or user is "
     "disabled.\r\n-ERR Syntax error in HELLO option 'AUTH'\r\n-WRONGPASS invalid "
     "username-password pair or user is disabled.\r\n-WRONGPASS invalid username-password pair or "
     "user is disabled.\r\n-NOPROTO unsupported protocol version\r\n-ERR Protocol version is not "
     "an integer or out of range\r\n-ERR Client names cannot contain spaces, newlines or special "
     "characters.\r\n$1\r\nq\r\n$-1\r\n"},
    {"INFO keyspace\nSET k v\nSET e v EX 100\nINFO keyspace\nINFO nope\ninfo KEYSPACE nope\n",
     "$12\r\n# Keyspace\r\n\r\n+OK\r\n+OK\r\n$44\r\n# "
     "Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=0\r\n\r\n$0\r\n\r\n$44\r\n# "
     "Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=0\r\n\r\n"},
    {"CONFIG GET save SAVE\nCONFIG GET databases\nCONFIG GET proto-max-bulk-len nope\nCONFIG GET "
     "maxmemory-policy\n",
     "*2\r\n$4\r\nsave\r\n$0\r\n\r\n*2\r\n$9\r\ndatabases\r\n$1\r\n1\r\n*2\r\n$18\r\nproto-max-"
     "bulk-len\r\n$7\r\n1048576\r\n*2\r\n$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n"},
};

/* After HELLO 3. */
static const struct exchange resp3[] = {
    {"GET none\nSET k v XX\nSET k v\nMGET none k\nCLIENT GETNAME\n",
     "_\r\n_\r\n+OK\r\n*2\r\n_\r\n$1\r\nv\r\n_\r\n"},
    {"INFO keyspace\nINFO nope\n", "=16\r\ntxt:# Keyspace\r\n\r\n=4\r\ntxt:\r\n"},
    {"CONFIG GET save nope\nCONFIG GET nope\n", "%1\r\n$4\r\nsave\r\n$0\r\n\r\n%0\r\n"},
    {"COMMAND INFO nope\nCOMMAND DOCS nope\n", "*1\r\n_\r\n%0\r\n"},
    {"WATCH k\nSET k v\nMULTI\nEXEC\nMULTI\nGET none\nMGET none k\nEXEC\n",
     "+OK\r\n+OK\r\n+OK\r\n_\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n_\r\n*2\r\n_\r\n$1\r\nv\r\n"},
    {"SET k v\nRESET\nGET none\n", "+OK\r\n+RESET\r\n$-1\r\n"},
};

static const struct exchange transactions[] = {
    {"MULTI\nSET k v\nGET k\nMGET k none\nDEL k k\nEXEC\nGET k\n",
     "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*4\r\n+OK\r\n$1\r\nv\r\n*2\r\n$1\r\nv\r\n$"
     "-1\r\n:1\r\n$-1\r\n"},
    {"MULTI\nEXEC\nMULTI\nDISCARD\n", "+OK\r\n*0\r\n+OK\r\n+OK\r\n"},
    {"EXEC\nDISCARD\nUNWATCH\nUNWATCH a\nMULTI a\nDISCARD a\nWATCH\nEXEC a\n",
     "-ERR EXEC without MULTI\r\n-ERR DISCARD without MULTI\r\n+OK\r\n-ERR wrong number of "
     "arguments for 'unwatch' command\r\n-ERR wrong number of arguments for 'multi' "
     "command\r\n-ERR wrong number of arguments for 'discard' command\r\n-ERR wrong number of "
     "arguments for 'watch' command\r\n-EXECABORT Transaction discarded because of: wrong number "
     "of arguments for 'exec' command\r\n"},
    {"MULTI\nMULTI\nWATCH k\nUNWATCH\nEXEC\nEXEC\n",
     "+OK\r\n-ERR MULTI calls can not be nested\r\n-ERR WATCH inside MULTI is not "
     "allowed\r\n+QUEUED\r\n*1\r\n+OK\r\n-ERR EXEC without MULTI\r\n"},
    {"MULTI\nSET k v\nDISCARD\nGET k\n", "+OK\r\n+QUEUED\r\n+OK\r\n$-1\r\n"},
    {"MULTI\nSET k v\nnope\nEXEC\nGET k\n",
     "+OK\r\n+QUEUED\r\n-ERR unknown command 'nope', with args beginning with: \r\n-EXECABORT "
     "Transaction discarded because of previous errors.\r\n$-1\r\n"},
    {"MULTI\nSET k\nEXEC\nMULTI\nCLIENT nope\nSET k v\nEXEC\nGET k\n",
     "+OK\r\n-ERR wrong number of arguments for 'set' command\r\n-EXECABORT Transaction discarded "
     "because of previous errors.\r\n+OK\r\n-ERR unknown subcommand 'nope'. Try CLIENT "
     "HELP.\r\n+QUEUED\r\n-EXECABORT Transaction discarded because of previous errors.\r\n$-1\r\n"},
    {"MULTI\nSET k v\nEXEC a\nGET k\nEXEC\n",
     "+OK\r\n+QUEUED\r\n-EXECABORT Transaction discarded because of: wrong number of arguments for "
     "'exec' command\r\n$-1\r\n-ERR EXEC without MULTI\r\n"},
    {"MULTI\nDISCARD a\nSET k v\nEXEC\nGET k\n",
     "+OK\r\n-ERR wrong number of arguments for 'discard' command\r\n+QUEUED\r\n-EXECABORT "
     "Transaction discarded because of previous errors.\r\n$-1\r\n"},
    {"MULTI\nSET k x\nINCR k\nSET k 1\nINCR k\nSET k 1 NX XX\nMSET k\nMSET k 1 j\nEXPIRE k "
     "x\nEXEC\nGET k\n",
     "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n-ERR wrong number of arguments "
     "for 'mset' command\r\n+QUEUED\r\n+QUEUED\r\n-EXECABORT Transaction discarded because of "
     "previous errors.\r\n$-1\r\n"},
    {"MULTI\nRESET\nEXEC\nWATCH k\nRESET\nSET k v\nMULTI\nGET k\nEXEC\n",
     "+OK\r\n+RESET\r\n-ERR EXEC without "
     "MULTI\r\n+OK\r\n+RESET\r\n+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n$1\r\nv\r\n"},
    {"MULTI\nSELECT 0\nSELECT 1\nCLIENT SETNAME me\nCLIENT GETNAME\nPING\nECHO a\nPING a b\nEXEC\n",
     "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*7\r\n+"
     "OK\r\n-ERR DB index is out of range\r\n+OK\r\n$2\r\nme\r\n+PONG\r\n$1\r\na\r\n-ERR wrong "
     "number of arguments for 'ping' command\r\n"},
    {"MULTI\nDBSIZE\nSET k v\nDBSIZE\nFLUSHALL\nDBSIZE\nFLUSHDB nope\nEXEC\n",
     "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*6\r\n:0\r\n+OK\r\n:"
     "1\r\n+OK\r\n:0\r\n-"
     "ERR syntax error\r\n"},
    {"WATCH k\nSET k v\nMULTI\nGET k\nEXEC\nMULTI\nGET k\nEXEC\n",
     "+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*-1\r\n+OK\r\n+QUEUED\r\n*1\r\n$1\r\nv\r\n"},
    {"SET k v\nWATCH k j\nMULTI\nSET k w\nGET k\nEXEC\n",
     "+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$1\r\nw\r\n"},
    {"SET k v\nWATCH k\nSET k v\nMULTI\nPING\nEXEC\n",
     "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*-1\r\n"},
    {"SET k v\nWATCH k\nUNWATCH\nSET k w\nMULTI\nPING\nEXEC\n",
     "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n"},
    {"SET k v\nWATCH k\nDISCARD\nSET k w\nMULTI\nDISCARD\nMULTI\nPING\nEXEC\n",
     "+OK\r\n+OK\r\n-ERR DISCARD without "
     "MULTI\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n"},
    {"SET k v\nWATCH k\nEXPIRE k 100\nMULTI\nPING\nEXEC\n",
     "+OK\r\n+OK\r\n:1\r\n+OK\r\n+QUEUED\r\n*-1\r\n"},
    {"SET k v EX 100\nWATCH k\nPERSIST k\nMULTI\nPING\nEXEC\n",
     "+OK\r\n+OK\r\n:1\r\n+OK\r\n+QUEUED\r\n*-1\r\n"},
    {"SET k v\nWATCH k\nPERSIST k\nEXPIRE j 100\nMULTI\nPING\nEXEC\n",
     "+OK\r\n+OK\r\n:0\r\n:0\r\n+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n"},
    {"SET k v\nWATCH k\nFLUSHALL\nMULTI\nPING\nEXEC\n",
     "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*-1\r\n"},
    {"WATCH k\nFLUSHALL\nDEL k\nMULTI\nPING\nEXEC\n",
     "+OK\r\n+OK\r\n:0\r\n+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n"},
    {"SET k v\nWATCH k k\nDEL k\nMULTI\nPING\nEXEC\n",
     "+OK\r\n+OK\r\n:1\r\n+OK\r\n+QUEUED\r\n*-1\r\n"},
    {"SET k v PX 1\nWATCH k\nMULTI\nnope\nEXEC\n",
     "+OK\r\n+OK\r\n+OK\r\n-ERR unknown command 'nope', with args beginning with: \r\n-EXECABORT "
     "Transaction discarded because of previous errors.\r\n"},
    {"MULTI\nSETEX k 0 v\nSETNX k v\nAPPEND k w\nGETSET k x\nGETDEL k\nSTRLEN k\nTYPE k\nTTL "
     "k\nPTTL k\nINCRBY n 2\nDECRBY n 3\nDECR n\nEXISTS n n\nUNLINK n\nEXEC\n",
     "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+"
     "QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*14\r\n-ERR "
     "invalid expire time in 'setex' "
     "command\r\n:1\r\n:2\r\n$2\r\nvw\r\n$1\r\nx\r\n:0\r\n+none\r\n:-2\r\n:-2\r\n:2\r\n:-1\r\n:-"
     "2\r\n:2\r\n:1\r\n"},
    {"MULTI\nCOMMAND COUNT x\nCONFIG GET save\nINFO keyspace\nHELLO 9\nAUTH a b\nAUTH x\nEXEC\n",
     "+OK\r\n-ERR wrong number of arguments for 'command|count' "
     "command\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n-EXECABORT Transaction "
     "discarded because of previous errors.\r\n"},
};

static const struct exchange scans[] = {
    {"SCAN\nSCAN x\nSCAN 0x\nSCAN \"\"\nSCAN 0 x\nSCAN 0 MATCH\nSCAN 0 COUNT 0\nSCAN 0 COUNT "
     "-1\nSCAN 0 COUNT x\nSCAN 0 FOO 1\nSCAN 0 MATCH a COUNT\n",
     "-ERR wrong number of arguments for 'scan' command\r\n-ERR invalid cursor\r\n-ERR invalid "
     "cursor\r\n*2\r\n$1\r\n0\r\n*0\r\n-ERR syntax error\r\n-ERR syntax error\r\n-ERR syntax "
     "error\r\n-ERR syntax error\r\n-ERR value is not an integer or out of range\r\n-ERR syntax "
     "error\r\n-ERR syntax error\r\n"},
    {"SCAN 0\nSET k v\nSCAN 0\nSCAN 0 MATCH k\nSCAN 0 MATCH x COUNT 1000\nSCAN 0 COUNT 1000 TYPE "
     "string\nSCAN 0 TYPE STRING\nSCAN 0 TYPE list COUNT 1000\nSCAN 0 TYPE nope\nSCAN 0 COUNT "
     "9223372036854775807\nSCAN 0 count 7 match K match k\n",
     "*2\r\n$1\r\n0\r\n*0\r\n+OK\r\n*2\r\n$1\r\n0\r\n*1\r\n$1\r\nk\r\n*2\r\n$1\r\n0\r\n*1\r\n$"
     "1\r\nk\r\n*2\r\n$1\r\n0\r\n*0\r\n*2\r\n$1\r\n0\r\n*1\r\n$1\r\nk\r\n*2\r\n$1\r\n0\r\n*1\r\n$"
     "1\r\nk\r\n*2\r\n$1\r\n0\r\n*0\r\n*2\r\n$1\r\n0\r\n*0\r\n*2\r\n$1\r\n0\r\n*1\r\n$1\r\nk\r\n*"
     "2\r\n$1\r\n0\r\n*1\r\n$1\r\nk\r\n"},
    {"KEYS\nKEYS a b\nKEYS *\nSET k v\nKEYS *\nKEYS k*\nKEYS K\nKEYS ?\nKEYS ??\nKEYS \"\"\n",
     "-ERR wrong number of arguments for 'keys' command\r\n-ERR wrong number of arguments for "
     "'keys' "
     "command\r\n*0\r\n+OK\r\n*1\r\n$1\r\nk\r\n*1\r\n$1\r\nk\r\n*0\r\n*1\r\n$1\r\nk\r\n*0\r\n*"
     "0\r\n"},
    {"SET \"\" v\nKEYS *\nKEYS **\nKEYS \"\"\nKEYS ?\nSCAN 0 MATCH * COUNT 1000\nSCAN 0 MATCH ** "
     "COUNT 1000\nSCAN 0 MATCH \"\" COUNT 1000\n",
     "+OK\r\n*1\r\n$0\r\n\r\n*0\r\n*1\r\n$0\r\n\r\n*0\r\n*2\r\n$1\r\n0\r\n*1\r\n$0\r\n\r\n*2\r\n$"
     "1\r\n0\r\n*0\r\n*2\r\n$1\r\n0\r\n*1\r\n$0\r\n\r\n"},
    {"SET k v PX 1\nSET j v EX -1\nSET k v EX 100\nKEYS *\n",
     "+OK\r\n-ERR invalid expire time in 'set' command\r\n+OK\r\n*1\r\n$1\r\nk\r\n"},
};

/* With requirepass secret, on a new connection. */
static const struct exchange password = {
    "GET k\nPING\nnope\nGET\nCLIENT\nCLIENT ID\nCOMMAND COUNT\nHELLO\nHELLO 3\nHELLO 3 SETNAME "
    "me\nHELLO 4\nHELLO x\nHELLO 2 AUTH default wrong\nAUTH wrong\nAUTH \"\"\nAUTH secre\nAUTH "
    "secrett\nAUTH default wrong\nAUTH bob secret\nAUTH default\nGET k\nAUTH secret\nGET k\nCLIENT "
    "GETNAME\nAUTH wrong\nGET k\nRESET\nGET k\nAUTH default secret\nGET k\nRESET\nHELLO 2 SETNAME "
    "me AUTH default secret SETNAME \"a b\"\nGET k\nCLIENT GETNAME\nRESET\nHELLO 2 AUTH bob "
    "secret\nGET k\n",
    "-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n-ERR unknown command "
    "'nope', with args beginning with: \r\n-ERR wrong number of arguments for 'get' "
    "command\r\n-ERR wrong number of arguments for 'client' command\r\n-NOAUTH Authentication "
    "required.\r\n-NOAUTH Authentication required.\r\n-NOAUTH HELLO must be called with the client "
    "already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to "
    "authenticate the client and select the RESP protocol version at the same time\r\n-NOAUTH "
    "HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> "
    "<pass> option can be used to authenticate the client and select the RESP protocol version at "
    "the same time\r\n-NOAUTH HELLO must be called with the client already authenticated, "
    "otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and "
    "select the RESP protocol version at the same time\r\n-NOPROTO unsupported protocol "
    "version\r\n-ERR Protocol version is not an integer or out of range\r\n-WRONGPASS invalid "
    "username-password pair or user is disabled.\r\n-WRONGPASS invalid username-password pair or "
    "user is disabled.\r\n-WRONGPASS invalid username-password pair or user is "
    "disabled.\r\n-WRONGPASS invalid username-password pair or user is disabled.\r\n-WRONGPASS "
    "invalid username-password pair or user is disabled.\r\n-WRONGPASS invalid username-password "
    "pair or user is disabled.\r\n-WRONGPASS invalid username-password pair or user is "
    "disabled.\r\n-WRONGPASS invalid username-password pair or user is disabled.\r\n-NOAUTH "
    "Authentication required.\r\n+OK\r\n$-1\r\n$2\r\nme\r\n-WRONGPASS invalid username-password "
    "pair or user is disabled.\r\n$-1\r\n+RESET\r\n-NOAUTH Authentication "
    "required.\r\n+OK\r\n$-1\r\n+RESET\r\n-ERR Client names cannot contain spaces, newlines or "
    "special characters.\r\n$-1\r\n$2\r\nme\r\n+RESET\r\n-WRONGPASS invalid username-password pair "
    "or user is disabled.\r\n-NOAUTH Authentication required.\r\n"};

/* The same; after these it closed. */
static const struct exchange password_farewells[] = {
    {"*11\r\n", "-ERR Protocol error: unauthenticated multibulk length\r\n"},
    {"*2\r\n$4\r\nAUTH\r\n$16385\r\n", "-ERR Protocol error: unauthenticated bulk length\r\n"},
    {"QUIT\n", "+OK\r\n"},
};

/* After these it closed. */
static const struct exchange farewells[] = {
    {"ECHO \"a\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
    {"ECHO 'a\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
    {"ECHO \"a\"b\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
    {"ECHO 'a'b\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
    {"ECHO \"a\\\"\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
    {"\"\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
    {"*abc\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
    {"*\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
    {"*1x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
    {"*01\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
    {"* 1\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
    {"*2147483648\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
    {"*99999999999999999999\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
    {"*1\r\nPING\r\n", "-ERR Protocol error: expected '$', got 'P'\r\n"},
    {"*1\r\n\r\n", "-ERR Protocol error: expected '$', got ' '\r\n"},
    {"*1\r\n*1\r\n", "-ERR Protocol error: expected '$', got '*'\r\n"},
    {"*1\r\n$\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
    {"*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
    {"*2\r\n$4\r\nECHO\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
    {"*1\r\n$abc\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
    {"*1\r\n$ 4\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
    {"*1\r\n$04\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
    {"*1\r\n$1048577\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
    {"*1\r\n$99999999999999999999\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
    {"QUIT\n", "+OK\r\n"},
    {"quit a b\n", "+OK\r\n"},
    {"POST\n", ""},
    {"post / HTTP/1.1\r\nHost: x\r\n\r\nFLUSHALL\r\n", ""},
    {"'POST' x\nPING\n", ""},
    {" POST\nPING\n", ""},
    {"*1\r\n$4\r\nPOST\r\nPING\n", ""},
    {"Host:\nPING\n", ""},
    {"host: localhost:6379\r\nPING\n", ""},
    {"\"Host:\" x\nPING\n", ""},
    {"*2\r\n$5\r\nhost:\r\n$1\r\nx\r\nPING\n", ""},
};

/* It is no HTTP by the letter, and was answered. */
static const struct exchange not_http[] = {
    {"Host : x\nPING\n",
     "-ERR unknown command 'Host', with args beginning with: ':' 'x' \r\n+PONG\r\n"},
    {"Host:x\nPING\n", "-ERR unknown command 'Host:x', with args beginning with: \r\n+PONG\r\n"},
    {"POSTS\nPING\n", "-ERR unknown command 'POSTS', with args beginning with: \r\n+PONG\r\n"},
    {"ECHO POST\n", "$4\r\nPOST\r\n"},
    {"SET POST Host:\nGET POST\n", "+OK\r\n$5\r\nHost:\r\n"},
    {"*3\r\n$3\r\nSET\r\n$1\r\n/\r\n$8\r\nHTTP/1.1\r\nGET /\n", "+OK\r\n$8\r\nHTTP/1.1\r\n"},
    {"MSET / HTTP/1.1 k HTTP/1.0\n", "+OK\r\n"},
};

static const struct exchange ignored[] = {
    {"*0\r\nPING\n", "+PONG\r\n"},
    {"*-1\r\nPING\n", "+PONG\r\n"},
    {"*-10\r\nPING\n", "+PONG\r\n"},
    {"*1\r\n$4\r\nPINGxxPING\n", "+PONG\r\n+PONG\r\n"},
    {"*1\r\n$0\r\n\r\n", "-ERR unknown command '', with args beginning with: \r\n"},
    {"*1\r\n$3\r\nPING\r\nPING\n",
     "-ERR unknown command 'PIN', with args beginning with: \r\n+PONG\r\n"},
};

#endif
