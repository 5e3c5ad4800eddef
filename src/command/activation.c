#include "activation.h"

#include "base/values.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The descriptor of the name in the list, which is separated by colons; -1: it has no such name. */
static int fd_of_name(const char *names, const char *name)
{
    for (int fd = ACTIVATION_FIRST_FD;; fd++) {
        size_t size = strcspn(names, ":");
        if (size == strlen(name) && memcmp(names, name, size) == 0)
            return fd;
        if (names[size] == '\0')
            return -1;
        names += size + 1;
    }
}

bool activation_read(struct activation *activation, char *(*get)(const char *name), pid_t self,
                     const char **why)
{
    const char *pid_text = get("LISTEN_PID");
    const char *count_text = get("LISTEN_FDS");
    const char *names = get("LISTEN_FDNAMES");
    uint32_t pid;
    uint32_t count;

    *activation = (struct activation){.admin = -1};
    if (pid_text == NULL || count_text == NULL)
        return true;
    if (!value_number(pid_text, 1, INT32_MAX, &pid)) {
        *why = "LISTEN_PID must be the number of a process";
        return false;
    }
    if ((pid_t)pid != self)
        return true;
    if (!value_number(count_text, 1, ACTIVATION_MAX, &count)) {
        *why = "LISTEN_FDS must be a number from 1 to 64";
        return false;
    }
    activation->count = (int)count;
    if (names != NULL)
        activation->admin = fd_of_name(names, "admin");
    if (activation->admin >= ACTIVATION_FIRST_FD + activation->count)
        activation->admin = -1;
    return true;
}
