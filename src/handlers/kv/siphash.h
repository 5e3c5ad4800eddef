/*
 * SipHash-1-3: a hash of bytes under a secret key. Without the key, a client cannot choose bytes
 * that collide. J.-P. Aumasson, D. J. Bernstein: SipHash, a fast short-input PRF (2012).
 */
#ifndef SIPHASH_H
#define SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t words[2];
};

uint64_t siphash(const struct siphash_key *key, const char *bytes, size_t size);

#endif
