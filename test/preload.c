#define _GNU_SOURCE /* memfd_create */
#include "preload.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int control_fd;

static void set_path(const char *variable, int fd)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
    setenv(variable, path, 1);
}

struct fault_control *preload_fault(const char *call, const char *error, const char *which,
                                    const char *number)
{
    static int library = -1;

    /* By descriptor: LD_PRELOAD ends a name at a space or a colon (ld.so(8)), as paths may have. */
    if (library < 0)
        library = open(LIBFAULT, O_RDONLY | O_CLOEXEC);
    ck_assert_msg(library >= 0, "%s: %s", LIBFAULT, strerror(errno));
    control_fd = memfd_create("fault", MFD_CLOEXEC);
    ck_assert_int_ge(control_fd, 0);
    ck_assert_int_eq(ftruncate(control_fd, sizeof(struct fault_control)), 0);
    void *control =
        mmap(NULL, sizeof(struct fault_control), PROT_READ | PROT_WRITE, MAP_SHARED, control_fd, 0);
    ck_assert_ptr_ne(control, MAP_FAILED);
    set_path("LD_PRELOAD", library);
    set_path("FAULT_CONTROL", control_fd);
    setenv("FAULT_CALL", call, 1);
    setenv("FAULT_ERRNO", error, 1);
    setenv(which, number, 1);
    return control;
}

void preload_end(void)
{
    unsetenv("LD_PRELOAD");
}

void preload_free(struct fault_control *control)
{
    munmap(control, sizeof *control);
    close(control_fd);
}
