/* The options of kv on their way to the handler: the password file, and the memory that is
 * announced, on a system that the test makes. */
#include "../src/command/kv_options.h"
#include "../src/command/password_file.h"

#include "await.h"
#include "fake_root.h"
#include "folder.h"
#include "suite.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char message_text[KV_OPTIONS_MESSAGE_SIZE];

/* ---- the password file ---- */

static char password[OPTIONS_PASSWORD_MAX + 1];
static char why[PASSWORD_FILE_WHY_SIZE];

static void write_bytes(const char *bytes, size_t size, mode_t mode)
{
    unlink(folder_path("password")); /* the one before may be read-only */
    int fd = open(folder_path("password"), O_WRONLY | O_CREAT | O_EXCL, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void expect_password(const char *bytes, size_t size, const char *expected)
{
    write_bytes(bytes, size, 0600);
    ck_assert_msg(password_file_read(password, folder_path("password"), why), "%s", why);
    ck_assert_str_eq(password, expected);
    ck_assert_str_eq(why, "");
}

static void expect_wrong(const char *bytes, size_t size, const char *expected)
{
    write_bytes(bytes, size, 0600);
    ck_assert(!password_file_read(password, folder_path("password"), why));
    ck_assert_str_eq(why, expected);
}

START_TEST(one_line_end_is_no_part_of_the_password)
{
    folder_make();
    expect_password("secret", 6, "secret");
    expect_password("secret\n", 7, "secret");
    expect_password("secret\r\n", 8, "secret");
    expect_password("secret\n\n", 8, "secret\n");
    expect_password(" two words \r", 12, " two words \r");
    expect_password("\r\r\n", 3, "\r");
    folder_remove();
}
END_TEST

START_TEST(other_files_are_no_password)
{
    static char bytes[1024];
    char expected[513];

    folder_make();
    expect_wrong("", 0, "is empty; must have a password of 1 to 512 bytes");
    expect_wrong("\n", 1, "is empty; must have a password of 1 to 512 bytes");
    expect_wrong("\r\n", 2, "is empty; must have a password of 1 to 512 bytes");
    expect_wrong("a\0b\n", 4, "has a NUL byte; must have a password of 1 to 512 bytes");
    memset(bytes, 'p', sizeof bytes);
    memset(expected, 'p', 512);
    expected[512] = '\0';
    expect_password(bytes, 512, expected);
    expect_wrong(bytes, 513, "is too long; must have a password of 1 to 512 bytes");
    memcpy(bytes + 512, "\r\n", 2);
    expect_password(bytes, 514, expected);
    expect_wrong(bytes, 515, "is too long; must have a password of 1 to 512 bytes");
    ck_assert(!password_file_read(password, folder_path(""), why));
    ck_assert_str_eq(why,
                     "Is a directory; must be a file that the user that starts lined can read");
    ck_assert(!password_file_read(password, folder_path("nothing"), why));
    ck_assert_ptr_nonnull(strstr(why, "No such file or directory; must be a file"));
    folder_remove();
}
END_TEST

static void expect_warning(mode_t mode, const char *expected)
{
    write_bytes("secret", 6, mode);
    ck_assert(password_file_read(password, folder_path("password"), why));
    ck_assert_str_eq(why, expected);
}

START_TEST(rights_of_others_cause_a_warning)
{
    folder_make();
    expect_warning(0400, "");
    expect_warning(0640, ""); /* a credential of systemd has 0440 */
    expect_warning(0644, "has the mode 0644: other users may read the password; chmod g-w,o-rwx "
                         "this file");
    expect_warning(0602, "has the mode 0602: other users may change the password; chmod g-w,o-rwx "
                         "this file");
    expect_warning(0660, "has the mode 0660: other users may change the password; chmod g-w,o-rwx "
                         "this file");
    folder_remove();
}
END_TEST

/* As the shell's <(command) is. Its end comes after the reader has taken the first bytes. */
START_TEST(a_pipe_is_read_to_its_end)
{
    char path[32];
    int ends[2];
    int pending;

    ck_assert_int_eq(pipe(ends), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    pid_t reader = fork();
    ck_assert_int_ge(reader, 0);
    if (reader == 0) {
        close(ends[1]);
        bool is_read = password_file_read(password, path, why);
        _exit(is_read && strcmp(password, "secret") == 0 ? 0 : 1);
    }
    ck_assert_int_eq(write(ends[1], "sec", 3), 3);
    AWAIT(ioctl(ends[0], FIONREAD, &pending) == 0 && pending == 0);
    close(ends[0]);
    ck_assert_int_eq(write(ends[1], "ret\n", 4), 4);
    close(ends[1]);
    int status;
    ck_assert_int_eq(waitpid(reader, &status, 0), reader);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- the settings ---- */

static char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

/* Reads these options, on the machine that is made, and expects this message at the start. */
static void expect_text(const char *argument, bool is_warning, const char *expected)
{
    char word[64];
    char *argv[] = {(char[]){"lined"}, (char[]){"--handler=kv"}, word, NULL};
    static struct options options;
    char text[KV_OPTIONS_MESSAGE_SIZE];
    bool is_warned;

    snprintf(word, sizeof word, "%s", argument);
    ck_assert_msg(options_read(&options, 3, argv, no_variable, message_text) == OPTIONS_SERVE, "%s",
                  message_text);
    ck_assert_msg(kv_options_prepare(&options, fake_root(), message_text), "%s", message_text);
    ck_assert(kv_options_text(&options, text, &is_warned));
    ck_assert_str_eq(text, expected);
    ck_assert(is_warned == is_warning);
}

START_TEST(the_default_is_a_quarter_of_the_lowest_limit)
{
    fake_root_make();
    fake_root_write("/proc/meminfo", "MemTotal:        8388608 kB\n");
    expect_text("-q", false,
                "kv stores at most 2 GiB (2147483648 bytes): a quarter of the physical memory; "
                "change it with --kv-maxmemory");
    fake_root_write("/proc/self/cgroup", "0::/a/b\n");
    fake_root_write("/sys/fs/cgroup/a/memory.max", "6442450944\n");
    expect_text("-q", false,
                "kv stores at most 1.5 GiB (1610612736 bytes): a quarter of memory.max of the "
                "control group; change it with --kv-maxmemory");
    fake_root_write("/sys/fs/cgroup/a/memory.max", "100000000\n");
    expect_text("-q", false,
                "kv stores at most 23.8 MiB (25000000 bytes): a quarter of memory.max of the "
                "control group; change it with --kv-maxmemory");
    fake_root_write("/sys/fs/cgroup/a/memory.max", "4194303\n");
    expect_text("-q", true,
                "kv stores at most 1 MiB (1048576 bytes), the minimum, but memory.max of the "
                "control group is only 3.9 MiB: raise this limit");
    fake_root_remove();
}
END_TEST

START_TEST(without_limits_there_is_a_default_too)
{
    fake_root_make();
    expect_text("-q", false,
                "kv stores at most 64 MiB (67108864 bytes): no limit on memory can be read below "
                "/proc and /sys; change it with --kv-maxmemory");
    expect_text("--kv-maxmemory=1000G", false, "kv stores at most 1000 GiB (1073741824000 bytes)");
    fake_root_remove();
}
END_TEST

START_TEST(the_users_maximum_is_taken)
{
    fake_root_make();
    fake_root_write("/proc/meminfo", "MemTotal:        8388608 kB\n");
    expect_text("--kv-maxmemory=64M", false, "kv stores at most 64 MiB (67108864 bytes)");
    expect_text("--kv-maxmemory=8G", false, "kv stores at most 8 GiB (8589934592 bytes)");
    expect_text("--kv-maxmemory=8589934593", true,
                "kv stores at most 8 GiB (8589934593 bytes), but the physical memory is only 8 "
                "GiB: lower --kv-maxmemory");
    fake_root_remove();
}
END_TEST

START_TEST(the_handler_gets_the_settings)
{
    char file[600];
    char *argv[] = {(char[]){"lined"},
                    (char[]){"--handler=kv"},
                    (char[]){"--kv-maxmemory=3M"},
                    (char[]){"--kv-max-value=2k"},
                    (char[]){"--kv-max-inline=3k"},
                    file,
                    NULL};
    static struct options options;

    folder_make();
    write_bytes("secret\n", 7, 0600);
    snprintf(file, sizeof file, "--kv-password-file=%s", folder_path("password"));
    ck_assert_int_eq(options_read(&options, 6, argv, no_variable, message_text), OPTIONS_SERVE);
    ck_assert(kv_options_prepare(&options, "/nowhere", message_text));
    const struct kv_settings *configured = kv_options_context(&options);
    ck_assert_ptr_nonnull(configured);
    ck_assert_str_eq(configured->password, "secret");
    ck_assert_uint_eq(configured->max_memory, 3 << 20);
    ck_assert_uint_eq(configured->max_value, 2048);
    ck_assert_uint_eq(configured->max_inline, 3072);
    ck_assert_int_eq(options_read(&options, 2, argv, no_variable, message_text), OPTIONS_SERVE);
    ck_assert(kv_options_prepare(&options, "/nowhere", message_text));
    ck_assert_ptr_null(configured->password);
    ck_assert_uint_eq(configured->max_memory, 64 << 20);
    ck_assert_uint_eq(configured->max_value, KV_VALUE_DEFAULT);
    ck_assert_uint_eq(configured->max_inline, KV_INLINE_DEFAULT);
    folder_remove();
}
END_TEST

START_TEST(another_handler_has_no_message)
{
    char *argv[] = {(char[]){"lined"}, NULL};
    static struct options options;
    char text[KV_OPTIONS_MESSAGE_SIZE];
    bool is_warning;

    ck_assert_int_eq(options_read(&options, 1, argv, no_variable, message_text), OPTIONS_SERVE);
    ck_assert(kv_options_prepare(&options, "/nowhere", message_text));
    ck_assert(!kv_options_text(&options, text, &is_warning));
    ck_assert_uint_eq(options.kv.max_memory, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_line_end_is_no_part_of_the_password,
        other_files_are_no_password,
        rights_of_others_cause_a_warning,
        a_pipe_is_read_to_its_end,
        the_default_is_a_quarter_of_the_lowest_limit,
        without_limits_there_is_a_default_too,
        the_users_maximum_is_taken,
        the_handler_gets_the_settings,
        another_handler_has_no_message,
    };
    return suite_run("kv_options", tests, sizeof tests / sizeof tests[0]);
}
