#define _GNU_SOURCE /* syscall */
#include "syscall_filter.h"

#include "base/invariant.h"
#include "syscall_table.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYSCALL_TABLE_MACHINE

/* In instructions. The table needs a quarter of this, and the kernel accepts four times as many. */
#define PROGRAM_MAX 1024

/* A program of classic BPF (Documentation/userspace-api/seccomp_filter.rst). At the beginning of
 * each rule the accumulator has the number of the call. */
struct program {
    struct sock_filter instructions[PROGRAM_MAX];
    unsigned short length;
};

static void put(struct program *program, struct sock_filter instruction)
{
    INVARIANT(program->length < PROGRAM_MAX);
    program->instructions[program->length++] = instruction;
}

static void put_load(struct program *program, size_t offset)
{
    put(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void put_return(struct program *program, uint32_t action)
{
    put(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

#define JUMP_IF_EQUAL (BPF_JMP | BPF_JEQ | BPF_K)

/* Continues if the accumulator has the value; end_rule sets the jump for the other case. */
static void put_must_equal(struct program *program, uint32_t value)
{
    put(program, (struct sock_filter)BPF_JUMP(JUMP_IF_EQUAL, value, 0, 0));
}

static void put_half(struct program *program, size_t offset, uint32_t mask, uint32_t value)
{
    if (mask == 0)
        return;
    put_load(program, offset);
    if (mask != UINT32_MAX)
        put(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
    put_must_equal(program, value);
}

/* BPF compares 32 bits at a time. Both machines are little-endian: the lower half comes first. */
static void put_argument(struct program *program, const struct syscall_argument *argument)
{
    size_t offset = offsetof(struct seccomp_data, args) + argument->number * sizeof(uint64_t);
    uint64_t value = argument->is_own_process ? (uint64_t)getpid() : argument->value;

    put_half(program, offset, (uint32_t)argument->mask, (uint32_t)value);
    put_half(program, offset + sizeof(uint32_t), (uint32_t)(argument->mask >> 32),
             (uint32_t)(value >> 32));
}

/* Comparisons since begin jump here if they fail, and the next rule begins. */
static void end_rule(struct program *program, unsigned short begin)
{
    for (unsigned short i = begin; i < program->length; i++) {
        if (program->instructions[i].code == JUMP_IF_EQUAL)
            program->instructions[i].jf = (uint8_t)(program->length - i - 1);
    }
    put_load(program, offsetof(struct seccomp_data, nr));
}

static void put_rule(struct program *program, const struct syscall_rule *rule)
{
    unsigned short begin = program->length;

    put_must_equal(program, (uint32_t)rule->call);
    for (size_t i = 0; i < SYSCALL_ARGUMENTS_MAX; i++)
        put_argument(program, &rule->arguments[i]);
    put_return(program, SECCOMP_RET_ALLOW);
    end_rule(program, begin);
}

/* As if the kernel did not have this call: libc and programs can handle that. With a filter that
 * kills, one unexpected call, for example of a newer libc, would end the whole server. */
#define REJECTED (SECCOMP_RET_ERRNO | ENOSYS)

static void put_rules(struct program *program, const struct syscall_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_rule(program, &rules[i]);
}

static void put_program(struct program *program, const struct allowed_files *allowed)
{
    program->length = 0;
    put_load(program, offsetof(struct seccomp_data, arch));
    put(program, (struct sock_filter)BPF_JUMP(JUMP_IF_EQUAL, SYSCALL_TABLE_MACHINE, 1, 0));
    put_return(program, REJECTED); /* another machine's numbers mean other calls */
    put_load(program, offsetof(struct seccomp_data, nr));
    /* The numbers of x32 have a bit that no number in the table has. */
    put_rules(program, syscall_table, syscall_table_size);
    if (allowed != NULL && allowed->append_folder != NULL)
        put_rules(program, syscall_table_appending, syscall_table_appending_size);
    if (allowed != NULL && allowed->read_folder != NULL)
        put_rules(program, syscall_table_reading, syscall_table_reading_size);
    if (allowed != NULL && allowed->count > 0)
        put_rules(program, syscall_table_removing, syscall_table_removing_size);
    put_return(program, REJECTED);
}

int syscall_filter_enter(const struct allowed_files *allowed)
{
    struct program program;

    put_program(&program, allowed);
    const struct sock_fprog filter = {.len = program.length, .filter = program.instructions};
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    if (result < 0)
        return errno;
    return result == 0 ? 0 : EBUSY; /* else the number of a thread with another filter */
}

#else

int syscall_filter_enter(const struct allowed_files *allowed)
{
    (void)allowed;
    return ENOTSUP;
}

#endif
