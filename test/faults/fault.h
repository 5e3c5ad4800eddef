/*
 * What libfault.so (fault.c) shares with the process that watches it, through a file that both have
 * mapped.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdatomic.h>
#include <stdint.h>

struct fault_control {
    _Atomic uint64_t armed; /* written by the watcher: calls are counted from now on */
    _Atomic uint64_t seen;  /* how many of the chosen call there were */
    _Atomic uint64_t fired; /* how many of them went wrong */
};

#endif
