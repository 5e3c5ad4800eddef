#include "siphash.h"

#include <string.h>

struct state {
    uint64_t v0;
    uint64_t v1;
    uint64_t v2;
    uint64_t v3;
};

static uint64_t rotate(uint64_t word, unsigned by)
{
    return word << by | word >> (64 - by);
}

static void mix(struct state *state)
{
    state->v0 += state->v1;
    state->v2 += state->v3;
    state->v1 = rotate(state->v1, 13) ^ state->v0;
    state->v3 = rotate(state->v3, 16) ^ state->v2;
    state->v0 = rotate(state->v0, 32) + state->v3;
    state->v2 += state->v1;
    state->v3 = rotate(state->v3, 21) ^ state->v0;
    state->v1 = rotate(state->v1, 17) ^ state->v2;
    state->v2 = rotate(state->v2, 32);
}

static void take(struct state *state, uint64_t word)
{
    state->v3 ^= word;
    mix(state);
    state->v0 ^= word;
}

/* Words are read in the byte order of the machine. So the values differ between machines, but they
 * never leave the process. */
uint64_t siphash(const struct siphash_key *key, const char *bytes, size_t size)
{
    struct state state = {
        .v0 = key->words[0] ^ 0x736f6d6570736575u,
        .v1 = key->words[1] ^ 0x646f72616e646f6du,
        .v2 = key->words[0] ^ 0x6c7967656e657261u,
        .v3 = key->words[1] ^ 0x7465646279746573u,
    };
    uint64_t word;
    size_t whole = size - size % 8;

    for (size_t i = 0; i < whole; i += 8) {
        memcpy(&word, bytes + i, 8);
        take(&state, word);
    }
    word = (uint64_t)size << 56;
    for (size_t i = whole; i < size; i++)
        word |= (uint64_t)(unsigned char)bytes[i] << 8 * (i - whole);
    take(&state, word);
    state.v2 ^= 0xff;
    mix(&state);
    mix(&state);
    mix(&state);
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}
