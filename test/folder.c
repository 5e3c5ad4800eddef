#define _GNU_SOURCE /* mkdtemp */
#include "folder.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

void folder_make(void)
{
    snprintf(folder, sizeof folder, "/tmp/lined-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

void folder_remove(void)
{
    DIR *entries = opendir(folder);

    ck_assert_ptr_nonnull(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] != '.')
            ck_assert_int_eq(unlink(folder_path(entry->d_name)), 0);
    }
    closedir(entries);
    ck_assert_int_eq(rmdir(folder), 0);
}

const char *folder_path(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s%s%s", folder, *name == '\0' ? "" : "/", name);
    return path;
}

void folder_write(const char *name, const char *text)
{
    FILE *file = fopen(folder_path("new"), "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(rename(folder_path("new"), folder_path(name)), 0);
}

size_t folder_read(const char *name, char *text, size_t size)
{
    FILE *file = fopen(folder_path(name), "re");
    size_t used = 0;

    if (file != NULL) {
        used = fread(text, 1, size - 1, file);
        fclose(file);
    }
    text[used] = '\0';
    return used;
}
