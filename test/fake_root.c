#include "fake_root.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char root[sizeof "/tmp/lined-limits-XXXXXX"];

void fake_root_make(void)
{
    strcpy(root, "/tmp/lined-limits-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

const char *fake_root(void)
{
    return root;
}

void fake_root_write(const char *path, const char *text)
{
    char whole[256];

    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    ck_assert_msg(file != NULL, "%s", whole);
    fputs(text, file);
    fclose(file);
}

void fake_root_remove(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -r %s", root);
    ck_assert_int_eq(system(command), 0);
}
