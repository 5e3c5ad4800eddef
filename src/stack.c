#define _GNU_SOURCE /* MAP_, syscall, dl_iterate_phdr */
#include "stack.h"

#include "invariant.h"
#include "lined.h"

#include <errno.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Others have the kernel clear another word as a thread ends, and wait for that: musl deadlocks. */
#ifndef __GLIBC__
#error "threads on stacks of our own need glibc: see docs/design.md, Who owns what"
#endif

/* Small, because there are many. Sanitizers need more for their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_SIZE ((size_t)1024 * 1024)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STACK_SIZE ((size_t)1024 * 1024)
#endif
#endif
#ifndef STACK_SIZE
#define STACK_SIZE ((size_t)128 * 1024)
#endif

static pthread_once_t is_prepared = PTHREAD_ONCE_INIT;
static size_t tls_size; /* by prepare, once: see is_prepared */

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static int add_tls(struct dl_phdr_info *object, size_t info_size, void *sum)
{
    (void)info_size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        if (object->dlpi_phdr[i].p_type == PT_TLS)
            *(size_t *)sum += object->dlpi_phdr[i].p_memsz + object->dlpi_phdr[i].p_align;
    }
    return 0;
}

static void prepare(void)
{
    size_t page = page_size();

    dl_iterate_phdr(add_tls, &tls_size);
    tls_size = (tls_size + page - 1) / page * page;
}

void stack_prepare(void)
{
    INVARIANT(pthread_once(&is_prepared, prepare) == 0);
}

/* The whole: the guard page, the stack, what threads have of variables of their own, which the C
 * library puts above it, and a page more, in which this record is the last and the thread's own
 * begins. */
static size_t memory_size(size_t page)
{
    return page + STACK_SIZE + tls_size + page;
}

/* At the limit of maps it can fail where it would have to split one, which this one does not ask
 * for. Then the server goes on, and is short of this memory. */
static void unmap(char *memory, size_t page)
{
    munmap(memory, memory_size(page));
}

int stack_make(struct stack **made)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    size_t page = page_size();
    size_t size = memory_size(page);

    char *memory = mmap(NULL, size, PROT_NONE, flags, -1, 0);
    if (memory == MAP_FAILED)
        return -errno;
    if (mprotect(memory + page, size - page, PROT_READ | PROT_WRITE) != 0) {
        int error = errno;
        unmap(memory, page);
        return -error;
    }
    *made = (struct stack *)(memory + size - sizeof(struct stack));
    return LINED_OK;
}

static char *memory_of(struct stack *stack, size_t page)
{
    return (char *)(stack + 1) - memory_size(page);
}

int stack_start(struct stack *stack, void *(*main)(void *stack), void *job)
{
    size_t page = page_size();
    char *lowest = memory_of(stack, page) + page;
    pthread_attr_t attributes;
    pthread_t thread;

    stack->job = job;
    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return -error;
    INVARIANT(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    INVARIANT(pthread_attr_setstack(&attributes, lowest, (size_t)((char *)stack - lowest)) == 0);
    error = pthread_create(&thread, &attributes, main, stack);
    INVARIANT(pthread_attr_destroy(&attributes) == 0);
    return -error;
}

void stack_leave(struct stack *stack)
{
    atomic_store(&stack->occupied, 1);
    /* Fails only where a filter denies it, and then nobody could ever free the stack. */
    INVARIANT(syscall(SYS_set_tid_address, &stack->occupied) > 0);
}

void stack_free(struct stack *stack)
{
    size_t page = page_size();

    if (stack == NULL)
        return;
    while (!stack_has_ended(stack)) /* the kernel wakes as it does for a shared futex */
        syscall(SYS_futex, &stack->occupied, FUTEX_WAIT, 1, NULL);
    unmap(memory_of(stack, page), page);
}
