#define _XOPEN_SOURCE 700 /* tsearch */
#include "admission.h"

#include "base/invariant.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static const char default_busy[] = "Server busy\n";
static const char default_per_ip[] = "Too many connections from your address\n";

/* A node of the tree. A tree, not a hash table: its keys are chosen by clients, and it has no worst
 * case that they could aim for, nor anything to resize. */
struct address {
    struct in6_addr key;
    size_t present;
    size_t leaving; /* have left, and are not forgotten; present + leaving is at least 1 */
};

static int compare(const void *one, const void *other)
{
    return memcmp(&((const struct address *)one)->key, &((const struct address *)other)->key,
                  sizeof(struct in6_addr));
}

/* The part of the client's address that counts, see the header. */
static struct address address_of(const union net_address *client)
{
    struct address address = {0};

    if (client->any.sa_family == AF_INET) { /* as IPv4-mapped */
        memset(address.key.s6_addr + 10, 0xff, 2);
        memcpy(address.key.s6_addr + 12, &client->v4.sin_addr, 4);
        return address;
    }
    address.key = client->v6.sin6_addr;
    if (!IN6_IS_ADDR_V4MAPPED(&address.key) && !IN6_IS_ADDR_LINKLOCAL(&address.key))
        memset(address.key.s6_addr + 8, 0, 8);
    return address;
}

static void lock(struct admission *admission)
{
    INVARIANT(pthread_mutex_lock(&admission->lock) == 0);
}

static void unlock(struct admission *admission)
{
    INVARIANT(pthread_mutex_unlock(&admission->lock) == 0);
}

void admission_init(struct admission *admission, const struct access *access,
                    const struct lined_options *options, const struct lined_handler *handler)
{
    *admission = (struct admission){
        .access = access,
        .busy = handler->reject_busy != NULL ? handler->reject_busy : default_busy,
        .per_ip = handler->reject_per_ip != NULL ? handler->reject_per_ip : default_per_ip,
    };
    INVARIANT(pthread_mutex_init(&admission->lock, NULL) == 0);
    admission_set(admission, options);
}

void admission_set(struct admission *admission, const struct lined_options *options)
{
    lock(admission);
    admission->max = options->overflow == LINED_OVERFLOW_REJECT ? options->max_connections : 0;
    admission->max_per_ip = options->max_per_ip;
    if (admission->accept_rate != options->accept_rate)
        pace_init(&admission->pace, options->accept_rate);
    admission->accept_rate = options->accept_rate;
    unlock(admission);
}

void admission_deinit(struct admission *admission)
{
    INVARIANT(admission->addresses == NULL);
    INVARIANT(pthread_mutex_destroy(&admission->lock) == 0);
}

/* ---- how fast ---- */

int64_t admission_due_ms(struct admission *admission)
{
    lock(admission);
    int64_t due_ms = pace_due_ms(&admission->pace);
    unlock(admission);
    return due_ms;
}

void admission_accepted(struct admission *admission, int64_t now_ms)
{
    lock(admission);
    pace_take(&admission->pace, now_ms);
    unlock(admission);
}

/* Whether this client has an address that can count. */
static bool can_count(const union net_address *client)
{
    return client->any.sa_family == AF_INET || client->any.sa_family == AF_INET6;
}

/* ---- how many ---- */

/* The node of this address; a new one if there is none. NULL: there is no memory. */
static struct address *find_or_add_locked(struct admission *admission, const struct address *like)
{
    void *found = tfind(like, &admission->addresses, compare);

    if (found != NULL)
        return *(struct address **)found;
    struct address *address = malloc(sizeof *address);
    if (address == NULL)
        return NULL;
    *address = *like;
    if (tsearch(address, &admission->addresses, compare) == NULL) {
        free(address);
        return NULL;
    }
    return address;
}

#if defined __GNUC__ && !defined __clang__ /* -fanalyzer misses that the tree holds the node now   \
                                            */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static int enter_address_locked(struct admission *admission, const union net_address *client,
                                const char **line)
{
    const struct address like = address_of(client);
    struct address *address = find_or_add_locked(admission, &like);

    if (address == NULL)
        return -ENOMEM;
    if (address->present >= admission->max_per_ip) {
        *line = admission->per_ip;
        admission->rejected_per_ip++;
    } else {
        address->present++;
    }
    return LINED_OK;
}
#if defined __GNUC__ && !defined __clang__
#pragma GCC diagnostic pop
#endif

int admission_admit(struct admission *admission, const union net_address *client, size_t present,
                    const char **line, union net_address *counted)
{
    int result = access_allows(admission->access, client) ? LINED_OK : LINED_DENIED;

    *counted = address_none;
    *line = NULL;
    lock(admission);
    if (result == LINED_DENIED) {
        admission->rejected_denied++;
    } else if (admission->max > 0 && present >= admission->max) {
        *line = admission->busy;
        admission->rejected_busy++;
    } else if (admission->max_per_ip > 0 && can_count(client)) {
        result = enter_address_locked(admission, client, line);
        if (result == LINED_OK && *line == NULL)
            *counted = *client;
    }
    unlock(admission);
    return result;
}

/* The node of a counted client. */
static struct address *find_locked(struct admission *admission, const union net_address *client)
{
    const struct address like = address_of(client);
    void *found = tfind(&like, &admission->addresses, compare);

    INVARIANT(found != NULL);
    return *(struct address **)found;
}

bool admission_leave(struct admission *admission, const union net_address *client)
{
    if (!can_count(client))
        return true;
    lock(admission);
    struct address *address = find_locked(admission, client);
    address->present--;
    bool may_stay = admission->max_per_ip == 0 || address->leaving < admission->max_per_ip;
    address->leaving++;
    unlock(admission);
    return may_stay;
}

void admission_forget(struct admission *admission, const union net_address *client)
{
    if (!can_count(client))
        return;
    lock(admission);
    struct address *address = find_locked(admission, client);
    address->leaving--;
    if (address->present == 0 && address->leaving == 0) {
        tdelete(address, &admission->addresses, compare);
        free(address);
    }
    unlock(admission);
}

void admission_stats(struct admission *admission, struct lined_stats *stats)
{
    lock(admission);
    stats->rejected_busy = admission->rejected_busy;
    stats->rejected_per_ip = admission->rejected_per_ip;
    stats->rejected_denied = admission->rejected_denied;
    unlock(admission);
    stats->rejected = stats->rejected_busy + stats->rejected_per_ip + stats->rejected_denied;
}
