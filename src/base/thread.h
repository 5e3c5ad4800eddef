/*
 * The library's threads. They take no signals: those are for the program that embeds the library. A
 * new thread inherits the mask of its creator, so threads that these threads create are masked too.
 */
#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>
#include <stddef.h>

/* The stack of each thread: small, because there are many. Sanitizers need more for their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define THREAD_STACK_SIZE ((size_t)1024 * 1024)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define THREAD_STACK_SIZE ((size_t)1024 * 1024)
#endif
#endif
#ifndef THREAD_STACK_SIZE
#define THREAD_STACK_SIZE ((size_t)128 * 1024)
#endif

/* A joinable thread that blocks every signal, with a stack of THREAD_STACK_SIZE, or, for callbacks,
 * of stack_size bytes, as thread_start_detached. LINED_OK or -errno. */
int thread_start(pthread_t *thread, void *(*main)(void *argument), void *argument);
int thread_start_sized(pthread_t *thread, size_t stack_size, void *(*main)(void *argument),
                       void *argument);

/* A detached thread with a stack of *stack_size bytes, which begins as THREAD_STACK_SIZE. The C
 * library puts the variables of each thread (static TLS) on its stack, and fails with EINVAL if
 * they leave too little of it: then *stack_size is doubled, for the later threads as well. The
 * caller has blocked the signals that the thread is not to take. LINED_OK or -errno. */
int thread_start_detached(size_t *stack_size, void *(*main)(void *argument), void *argument);

/* Runs the rest of a thread that calls callbacks of a handler or an observer; returns its result. A
 * callback that ends the thread, by pthread_exit(3) or by having it cancelled, would leave a
 * connection that never ends, and a server that cannot be freed. So the process is aborted, with a
 * message. */
void *thread_run_callbacks(void *(*rest)(void *argument), void *argument);

#endif
