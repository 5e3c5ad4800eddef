#include "../src/net/admission.h"

#include "suite.h"

#include <stdbool.h>
#include <stdio.h>

static struct admission admission;
static struct access network_access;
static union net_address counted; /* as the client admitted last counts */

static union net_address address_of(const char *ip)
{
    union net_address address;

    ck_assert_msg(address_parse(ip, 80, &address), "%s", ip);
    return address;
}

static bool enters(const char *ip)
{
    const union net_address address = address_of(ip);
    const char *line;

    ck_assert_int_eq(admission_admit(&admission, &address, 0, &line, &counted), LINED_OK);
    return line == NULL;
}

/* Returns whether it may stay until it is forgotten. */
static bool leaves(const char *ip)
{
    const union net_address address = address_of(ip);

    return admission_leave(&admission, &address);
}

static void is_forgotten(const char *ip)
{
    const union net_address address = address_of(ip);

    admission_forget(&admission, &address);
}

static void goes(const char *ip)
{
    leaves(ip);
    is_forgotten(ip);
}

static void begin(const struct lined_options *options)
{
    static const struct lined_handler handler; /* which has no texts of its own */

    ck_assert_int_eq(access_init(&network_access, options), LINED_OK);
    admission_init(&admission, &network_access, options, &handler);
}

START_TEST(addresses_count_as_people_count_them)
{
    static const struct {
        const char *first;
        const char *second;
        bool is_same;
    } cases[] = {
        {"10.0.0.1", "10.0.0.1", true},
        {"10.0.0.1", "10.0.0.2", false},
        {"10.0.0.1", "::ffff:10.0.0.1", true},
        {"::ffff:10.0.0.1", "::ffff:10.0.0.2", false},
        {"2001:db8::1", "2001:db8::ffff:0:0:2", true},
        {"2001:db8:0:1::1", "2001:db8:0:2::1", false},
        {"2001:db8::1", "10.0.0.1", false},
        {"::1", "127.0.0.1", false},
        {"::1", "0.0.0.0", false},
        {"fe80::1%lo", "fe80::2%lo", false}, /* neighbours, not one host */
        {"fe80::1%lo", "fe80::1%lo", true},
    };

    begin(&(struct lined_options){.max_per_ip = 1});
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert(enters(cases[i].first));
        ck_assert_msg(enters(cases[i].second) == !cases[i].is_same, "%s, %s", cases[i].first,
                      cases[i].second);
        if (!cases[i].is_same)
            goes(cases[i].second);
        goes(cases[i].first);
    }
    ck_assert_ptr_null(admission.addresses); /* nothing is kept of clients that have gone */
    admission_deinit(&admission);
}
END_TEST

START_TEST(as_many_may_stay_after_they_have_left)
{
    begin(&(struct lined_options){.max_per_ip = 2});
    for (int i = 0; i < 4; i++) { /* a client that leaves makes room at once */
        ck_assert(enters("10.0.0.1"));
        ck_assert(leaves("10.0.0.1") == (i < 2));
    }
    ck_assert(enters("10.0.0.2"));
    ck_assert(leaves("10.0.0.2"));
    is_forgotten("10.0.0.2");
    for (int i = 0; i < 3; i++)
        is_forgotten("10.0.0.1");
    ck_assert(enters("10.0.0.1"));
    ck_assert(leaves("10.0.0.1")); /* one does */
    is_forgotten("10.0.0.1");
    ck_assert_ptr_nonnull(admission.addresses);
    is_forgotten("10.0.0.1");
    ck_assert_ptr_null(admission.addresses);
    admission_deinit(&admission);
}
END_TEST

START_TEST(many_addresses_come_and_go)
{
    enum { ADDRESSES = 10000 };
    char ip[32];

    begin(&(struct lined_options){.max_per_ip = 2});
    for (int times = 0; times < 3; times++) {
        for (int i = 0; i < ADDRESSES; i++) {
            snprintf(ip, sizeof ip, "10.%d.%d.1", i / 256, i % 256);
            ck_assert(enters(ip) == (times < 2));
        }
    }
    struct lined_stats stats;
    admission_stats(&admission, &stats);
    ck_assert_uint_eq(stats.rejected, ADDRESSES);
    ck_assert_uint_eq(stats.rejected_per_ip, ADDRESSES);
    for (int times = 0; times < 2; times++) {
        for (int i = ADDRESSES - 1; i >= 0; i--) {
            snprintf(ip, sizeof ip, "10.%d.%d.1", i / 256, i % 256);
            goes(ip);
        }
    }
    ck_assert_ptr_null(admission.addresses);
    admission_deinit(&admission);
}
END_TEST

START_TEST(the_limit_comes_before_the_addresses)
{
    const union net_address address = address_of("10.0.0.1");
    const char *line;

    begin(&(struct lined_options){
        .max_connections = 5, .overflow = LINED_OVERFLOW_REJECT, .max_per_ip = 1});
    ck_assert_int_eq(admission_admit(&admission, &address, 4, &line, &counted), LINED_OK);
    ck_assert_ptr_null(line);
    ck_assert_int_eq(admission_admit(&admission, &address, 4, &line, &counted), LINED_OK);
    ck_assert_str_eq(line, "Too many connections from your address\n");
    ck_assert_int_eq(admission_admit(&admission, &address, 5, &line, &counted), LINED_OK);
    ck_assert_str_eq(line, "Server busy\n");
    struct lined_stats stats;
    admission_stats(&admission, &stats);
    ck_assert_uint_eq(stats.rejected_busy, 1);
    ck_assert_uint_eq(stats.rejected_per_ip, 1);
    ck_assert_uint_eq(stats.rejected, 2);
    goes("10.0.0.1");
    admission_deinit(&admission);
}
END_TEST

START_TEST(a_denied_client_gets_no_line_at_the_limit_either)
{
    const union net_address denied = address_of("10.0.0.1");
    const char *line;
    struct lined_stats stats;

    begin(&(struct lined_options){
        .max_connections = 5, .overflow = LINED_OVERFLOW_REJECT, .deny = "10.0.0.0/8"});
    ck_assert_int_eq(admission_admit(&admission, &denied, 0, &line, &counted), LINED_DENIED);
    ck_assert_int_eq(admission_admit(&admission, &denied, 5, &line, &counted), LINED_DENIED);
    ck_assert_ptr_null(line);
    ck_assert(enters("11.0.0.1"));
    admission_stats(&admission, &stats);
    ck_assert_uint_eq(stats.rejected_denied, 2);
    ck_assert_uint_eq(stats.rejected_busy, 0);
    ck_assert_uint_eq(stats.rejected, 2);
    admission_deinit(&admission);
    access_deinit(&network_access);
}
END_TEST

/* A million milliseconds after the start of the clock, clients come as fast as they may: how many
 * are accepted in so many milliseconds? */
static int accepted_in(int64_t ms, uint32_t rate)
{
    int64_t now = 1000000;
    int64_t end = now + ms;
    int accepted = 0;

    begin(&(struct lined_options){.accept_rate = rate});
    while (now < end) {
        admission_accepted(&admission, now);
        accepted++;
        if (admission_due_ms(&admission) > now)
            now = admission_due_ms(&admission);
    }
    admission_deinit(&admission);
    return accepted;
}

START_TEST(the_rate_is_kept_over_time)
{
    static const uint32_t rates[] = {1, 3, 10, 999, 1000, 30000, 1000000};

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        int expected = (int)rates[i] * 10;
        int accepted = accepted_in(10000, rates[i]);
        ck_assert_msg(accepted >= expected && accepted <= expected + (int)rates[i] / 10 + 1,
                      "%u a second: %d in ten seconds", rates[i], accepted);
    }
}
END_TEST

START_TEST(only_a_moments_silence_is_made_up_for)
{
    begin(&(struct lined_options){.accept_rate = 100});
    admission_accepted(&admission, 1000000);
    int64_t later = 2000000;
    int at_once = 0;
    for (; admission_due_ms(&admission) <= later; at_once++)
        admission_accepted(&admission, later);
    ck_assert_int_eq(at_once, 11); /* a tenth of a second, and the one that is due */
    admission_deinit(&admission);
}
END_TEST

START_TEST(without_a_rate_the_next_is_always_due)
{
    begin(&(struct lined_options){.accept_rate = 0});
    for (int i = 0; i < 1000; i++)
        admission_accepted(&admission, 1000000);
    ck_assert_int_le(admission_due_ms(&admission), 1000000);
    admission_deinit(&admission);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        addresses_count_as_people_count_them,
        as_many_may_stay_after_they_have_left,
        many_addresses_come_and_go,
        the_limit_comes_before_the_addresses,
        a_denied_client_gets_no_line_at_the_limit_either,
        the_rate_is_kept_over_time,
        only_a_moments_silence_is_made_up_for,
        without_a_rate_the_next_is_always_due,
    };
    return suite_run("admission", tests, sizeof tests / sizeof tests[0]);
}
