/*
 * A work queue with the protocol of beanstalkd: producers put jobs into tubes, workers reserve them
 * from the tubes that they watch, and delete, release or bury them. See README.md.
 *
 * Each connection has a task. One lock guards jobs, tubes and clients. A command runs with the lock
 * held and leaves its answer in its client; the task sends the answer after it has released the
 * lock, so a client that does not read delays no other. A client for which no job is ready waits in
 * lined_wait; the thread that makes a job ready reserves it for that client, and wakes the client.
 */
#define _POSIX_C_SOURCE 200809L
#include <lined.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE    224u /* the longest command, including CR and LF */
#define NAME_SIZE    201u /* of a tube, including its NUL */
#define JOB_SIZE_MAX 65535u
#define WATCHES_MAX  256u
#define BYTES_MAX    ((size_t)64 * 1024 * 1024) /* of all jobs and tubes */
#define BUCKETS      65536u
#define URGENT       1024u    /* a job with a smaller priority value is urgent */
#define TIME_MAX_S   2147483u /* lined_after has at most INT32_MAX milliseconds */
#define MARGIN_MS    1000     /* so long before the end of a reservation its client does not wait */
#define NO_TIMEOUT   UINT64_MAX
#define NAME_BYTES   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+/;.$_()"

enum state { READY, RESERVED, DELAYED, BURIED, STATES };

/* A job is in one bucket and one list. A deleted one stays until no timer uses it. */
struct job {
    struct queue *queue;
    struct tube *tube;
    struct client *holder;       /* the client that has reserved it, or NULL */
    struct list *list;           /* ascending by key, then by id */
    struct job *next, *previous; /* in the list */
    struct job *in_bucket;
    uint64_t key, id, created, due; /* times: now_ms */
    enum state state;
    bool is_deleted;
    lined_timer timer; /* of a reserved or delayed job; 0: none */
    unsigned timers;   /* that may still run */
    uint32_t priority, delay, ttr;
    unsigned reserves, timeouts, releases, buries, kicks;
    size_t size;
    char body[]; /* size bytes, CR, LF */
};

struct list {
    struct job *first, *last;
};

struct tube {
    struct tube *next;
    struct list lists[STATES]; /* reserved jobs are in the lists of their clients */
    size_t count[STATES], urgent, using, watching;
    uint64_t jobs, deletes; /* since the tube was made */
    char name[NAME_SIZE];
};

struct arguments {
    uint64_t number[4];
    const char *name;
    struct tube *tube;
    struct job *job;
    const char *body;
};

/* One connection, on the stack of its task. */
struct client {
    struct queue *queue;
    lined_conn *conn;
    struct arguments arguments;
    struct tube *used, *watched[WATCHES_MAX];
    size_t watches;
    struct list reserved;
    struct client *next; /* in the list of waiting clients */
    bool is_waiting;
    uint64_t margin_ms; /* ms_to_margin at the begin of the wait */
    char answer[LINE_SIZE + 32];
    char *text; /* sent after the answer, and freed */
    size_t text_size;
};

/* A command runs, or prints a text; quit does neither. The shape of its arguments has j for the id
 * of a job, o for that of a job which the client has reserved, n for a number below 2^32, t for the
 * name of a tube, which is made, e for that of a tube which exists, and i for a tube which may not
 * exist. */
struct command {
    const char *name, *shape;
    void (*run)(struct client *client);
    void (*print)(const struct client *client, FILE *text);
};

/* All is guarded by the lock, but server, splits, pid and started, which do not change. */
struct queue {
    pthread_mutex_t lock;
    lined_server *server;
    bool splits; /* a line that is too long comes in pieces */
    long pid;
    uint64_t started;
    size_t bytes, connections, connected;
    struct tube *tubes; /* the first is "default", which always stays */
    struct client *waiting;
    uint64_t last_id, burials, jobs, timeouts, commands[32];
    struct job *buckets[BUCKETS];
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- tubes ---- */

static void *take_memory(struct queue *queue, size_t size)
{
    void *memory = size <= BYTES_MAX - queue->bytes ? calloc(1, size) : NULL;

    queue->bytes += memory != NULL ? size : 0;
    return memory;
}

static struct tube *find_tube(const struct queue *queue, const char *name)
{
    struct tube *tube = queue->tubes;

    while (tube != NULL && strcmp(tube->name, name) != 0)
        tube = tube->next;
    return tube;
}

/* NULL: no memory. */
static struct tube *need_tube(struct queue *queue, const char *name)
{
    struct tube *tube = find_tube(queue, name), **end = &queue->tubes;

    if (tube != NULL || (tube = take_memory(queue, sizeof *tube)) == NULL)
        return tube;
    snprintf(tube->name, sizeof tube->name, "%s", name);
    while (*end != NULL)
        end = &(*end)->next;
    return *end = tube;
}

static void drop_unused_tube(struct queue *queue, struct tube *tube)
{
    struct tube **link = &queue->tubes;
    const size_t *count = tube->count;

    if (tube == queue->tubes || tube->using + tube->watching > 0 ||
        count[READY] + count[RESERVED] + count[DELAYED] + count[BURIED] > 0)
        return;
    while (*link != tube)
        link = &(*link)->next;
    *link = tube->next;
    queue->bytes -= sizeof *tube;
    free(tube);
}

/* The place of the tube in the watch list, or NULL. */
static struct tube **find_watch(struct client *client, const struct tube *tube)
{
    for (size_t i = 0; i < client->watches; i++)
        if (client->watched[i] == tube)
            return &client->watched[i];
    return NULL;
}

/* ---- answers ---- */

static void LINED_FORMAT answer(struct client *client, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(client->answer, sizeof client->answer, format, arguments);
    va_end(arguments);
}

/* Copies the body, because another client may delete the job before it is sent. Without memory a
 * reserved job stays reserved until its time to run has passed. */
static void answer_job(struct client *client, const char *word, const struct job *job)
{
    size_t size = job->size + 2;

    if ((client->text = malloc(size)) == NULL) {
        answer(client, "OUT_OF_MEMORY");
        return;
    }
    client->text_size = size;
    memcpy(client->text, job->body, size);
    answer(client, "%s %" PRIu64 " %zu", word, job->id, job->size);
}

/* ---- jobs ---- */

static void free_unused_job(struct job *job)
{
    if (!job->is_deleted || job->timers > 0)
        return;
    job->queue->bytes -= sizeof *job + job->size + 2;
    free(job);
}

static bool is_before(const struct job *one, const struct job *other)
{
    return one->key != other->key ? one->key < other->key : one->id < other->id;
}

/* Searches from the end, where most jobs belong. */
static void enter_state(struct job *job, enum state state, struct list *list, uint64_t key)
{
    job->state = state;
    job->list = list;
    job->key = key;
    job->previous = list->last;
    while (job->previous != NULL && is_before(job, job->previous))
        job->previous = job->previous->previous;
    job->next = job->previous == NULL ? list->first : job->previous->next;
    *(job->previous == NULL ? &list->first : &job->previous->next) = job;
    *(job->next == NULL ? &list->last : &job->next->previous) = job;
    job->tube->count[state]++;
    job->tube->urgent += state == READY && job->priority < URGENT;
}

/* A timer function that has begun, and waits for the lock, still uses the job. */
static void leave_state(struct job *job)
{
    *(job->previous == NULL ? &job->list->first : &job->previous->next) = job->next;
    *(job->next == NULL ? &job->list->last : &job->next->previous) = job->previous;
    job->tube->count[job->state]--;
    job->tube->urgent -= job->state == READY && job->priority < URGENT;
    job->timers -= lined_cancel(job->queue->server, job->timer);
    job->timer = 0;
    job->holder = NULL;
}

static void job_is_due(lined_server *server, void *argument);

/* False: no memory, or the server was cut. */
static bool set_timer(struct job *job, uint32_t seconds)
{
    uint32_t ms = (seconds < TIME_MAX_S ? seconds : TIME_MAX_S) * 1000;

    job->due = now_ms() + ms;
    job->timer = lined_after(job->queue->server, ms, job_is_due, job);
    job->timers += job->timer != 0;
    return job->timer != 0;
}

/* Without a timer the job stays reserved until its client ends. */
static void hold(struct client *client, struct job *job)
{
    set_timer(job, job->ttr);
    enter_state(job, RESERVED, &client->reserved, job->due);
    job->holder = client;
}

static void reserve_for(struct client *client, struct job *job)
{
    leave_state(job);
    job->reserves++;
    hold(client, job);
    answer_job(client, "RESERVED", job);
}

static void stop_waiting(struct client *client)
{
    struct client **link = &client->queue->waiting;

    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    client->is_waiting = false;
}

/* The first client that waits for the tube gets the job. A waiting client is connected and its
 * handler wakeable, so lined_wake cannot fail. */
static void make_ready(struct job *job)
{
    struct client *client = job->queue->waiting;

    enter_state(job, READY, &job->tube->lists[READY], job->priority);
    while (client != NULL && find_watch(client, job->tube) == NULL)
        client = client->next;
    if (client == NULL)
        return;
    stop_waiting(client);
    reserve_for(client, job);
    if (lined_wake(lined_conn_handle(client->conn)) != LINED_OK)
        abort();
}

static void bury(struct job *job)
{
    enter_state(job, BURIED, &job->tube->lists[BURIED], ++job->queue->burials);
}

/* False: there is no timer for the delay, so the job is buried. */
static bool make_ready_after(struct job *job, uint64_t seconds)
{
    job->delay = (uint32_t)seconds;
    if (seconds == 0)
        make_ready(job);
    else if (set_timer(job, job->delay))
        enter_state(job, DELAYED, &job->tube->lists[DELAYED], job->due);
    else
        bury(job);
    return job->state != BURIED;
}

/* A timer that could not be cancelled is too early for the state that the job has now. */
static void job_is_due(lined_server *server, void *argument)
{
    struct job *job = argument;
    struct queue *queue = job->queue;

    (void)server;
    pthread_mutex_lock(&queue->lock);
    job->timers--;
    if (!job->is_deleted && (job->state == RESERVED || job->state == DELAYED) &&
        now_ms() >= job->due) {
        job->timeouts += job->state == RESERVED;
        queue->timeouts += job->state == RESERVED;
        leave_state(job);
        make_ready(job);
    }
    free_unused_job(job);
    pthread_mutex_unlock(&queue->lock);
}

/* ---- commands, with the lock held ---- */

/* The numbers are priority, delay, time to run, and size. */
static void run_put(struct client *client)
{
    struct queue *queue = client->queue;
    const struct arguments *arguments = &client->arguments;
    size_t size = arguments->number[3];
    struct job *job;

    if (size > JOB_SIZE_MAX) {
        answer(client, "JOB_TOO_BIG");
        return;
    }
    uint64_t id = ++queue->last_id;
    if (memcmp(arguments->body + size, "\r\n", 2) != 0) {
        answer(client, "EXPECTED_CRLF");
    } else if (lined_server_is_draining(queue->server)) {
        answer(client, "DRAINING");
    } else if ((job = take_memory(queue, sizeof *job + size + 2)) == NULL) {
        answer(client, "OUT_OF_MEMORY");
    } else {
        job->queue = queue;
        job->tube = client->used;
        job->id = id;
        job->created = now_ms();
        job->priority = (uint32_t)arguments->number[0];
        job->ttr = arguments->number[2] == 0 ? 1 : (uint32_t)arguments->number[2];
        job->size = size;
        memcpy(job->body, arguments->body, size + 2);
        job->in_bucket = queue->buckets[id % BUCKETS];
        queue->buckets[id % BUCKETS] = job;
        job->tube->jobs++;
        queue->jobs++;
        bool is_kept = make_ready_after(job, arguments->number[1]);
        answer(client, "%s %" PRIu64, is_kept ? "INSERTED" : "BURIED", id);
    }
}

static void run_use(struct client *client)
{
    struct tube *before = client->used;

    client->used = client->arguments.tube;
    client->used->using ++;
    before->using --;
    drop_unused_tube(client->queue, before);
    answer(client, "USING %s", client->used->name);
}

static void run_watch(struct client *client)
{
    struct tube *tube = client->arguments.tube;

    if (find_watch(client, tube) == NULL) {
        if (client->watches == WATCHES_MAX) {
            drop_unused_tube(client->queue, tube);
            answer(client, "OUT_OF_MEMORY");
            return;
        }
        client->watched[client->watches++] = tube;
        tube->watching++;
    }
    answer(client, "WATCHING %zu", client->watches);
}

static void unwatch(struct client *client, struct tube **watch)
{
    struct tube *tube = *watch;

    *watch = client->watched[--client->watches];
    tube->watching--;
    drop_unused_tube(client->queue, tube);
}

static void run_ignore(struct client *client)
{
    struct tube **watch = find_watch(client, client->arguments.tube);

    if (watch != NULL && client->watches == 1) {
        answer(client, "NOT_IGNORED");
        return;
    }
    if (watch != NULL)
        unwatch(client, watch);
    answer(client, "WATCHING %zu", client->watches);
}

/* Until a reservation of the client is about to end; NO_TIMEOUT: it has none. */
static uint64_t ms_to_margin(const struct client *client)
{
    const struct job *job = client->reserved.first;
    uint64_t now = now_ms() + MARGIN_MS;

    if (job == NULL)
        return NO_TIMEOUT;
    return job->due > now ? job->due - now : 0;
}

/* number[0] is the timeout in seconds, or NO_TIMEOUT. */
static void run_reserve(struct client *client)
{
    struct client **last = &client->queue->waiting;
    struct job *best = NULL;

    for (size_t i = 0; i < client->watches; i++) {
        struct job *job = client->watched[i]->lists[READY].first;
        if (job != NULL && (best == NULL || is_before(job, best)))
            best = job;
    }
    if (best != NULL) {
        reserve_for(client, best);
    } else if ((client->margin_ms = ms_to_margin(client)) == 0) {
        answer(client, "DEADLINE_SOON");
    } else if (client->arguments.number[0] == 0) {
        answer(client, "TIMED_OUT");
    } else {
        while (*last != NULL)
            last = &(*last)->next;
        *last = client;
        client->next = NULL;
        client->is_waiting = true;
    }
}

static void run_delete(struct client *client)
{
    struct job *job = client->arguments.job, **link = &client->queue->buckets[job->id % BUCKETS];

    if (job->holder != NULL && job->holder != client) {
        answer(client, "NOT_FOUND");
        return;
    }
    while (*link != job)
        link = &(*link)->in_bucket;
    *link = job->in_bucket;
    leave_state(job);
    job->tube->deletes++;
    drop_unused_tube(client->queue, job->tube);
    job->is_deleted = true;
    free_unused_job(job);
    answer(client, "DELETED");
}

static void run_release(struct client *client)
{
    struct job *job = client->arguments.job;

    leave_state(job);
    job->releases++;
    job->priority = (uint32_t)client->arguments.number[1];
    answer(client, make_ready_after(job, client->arguments.number[2]) ? "RELEASED" : "BURIED");
}

static void run_bury(struct client *client)
{
    struct job *job = client->arguments.job;

    leave_state(job);
    job->buries++;
    job->priority = (uint32_t)client->arguments.number[1];
    bury(job);
    answer(client, "BURIED");
}

static void run_touch(struct client *client)
{
    leave_state(client->arguments.job);
    hold(client, client->arguments.job);
    answer(client, "TOUCHED");
}

/* Kicks buried jobs; if there is none, delayed ones. */
static void run_kick(struct client *client)
{
    struct list *lists = client->used->lists;
    struct list *list = &lists[lists[BURIED].first != NULL ? BURIED : DELAYED];
    uint64_t kicked = 0;

    for (; kicked < client->arguments.number[0] && list->first != NULL; kicked++) {
        struct job *job = list->first;
        leave_state(job);
        job->kicks++;
        make_ready(job);
    }
    answer(client, "KICKED %" PRIu64, kicked);
}

static void run_peek(struct client *client)
{
    answer_job(client, "FOUND", client->arguments.job);
}

/* ---- statistics ---- */

static const char *const state_names[] = {"ready", "reserved", "delayed", "buried"};

static void print_jobs(FILE *text, const size_t count[STATES], size_t urgent)
{
    fprintf(text, "current-jobs-urgent: %zu\n", urgent);
    for (int state = 0; state < STATES; state++)
        fprintf(text, "current-jobs-%s: %zu\n", state_names[state], count[state]);
}

static void print_stats_job(const struct client *client, FILE *text)
{
    const struct job *job = client->arguments.job;
    uint64_t now = now_ms();
    bool is_timed = (job->state == RESERVED || job->state == DELAYED) && job->due > now;

    fprintf(text, "id: %" PRIu64 "\ntube: %s\nstate: %s\npri: %u\nage: %" PRIu64 "\ndelay: %u\n",
            job->id, job->tube->name, state_names[job->state], job->priority,
            (now - job->created) / 1000, job->delay);
    fprintf(text, "ttr: %u\ntime-left: %" PRIu64 "\nfile: 0\nreserves: %u\ntimeouts: %u\n",
            job->ttr, is_timed ? (job->due - now) / 1000 : 0, job->reserves, job->timeouts);
    fprintf(text, "releases: %u\nburies: %u\nkicks: %u\n", job->releases, job->buries, job->kicks);
}

/* How many clients wait; for the tube, unless it is NULL. */
static size_t count_waiting(const struct queue *queue, const struct tube *tube)
{
    size_t count = 0;

    for (struct client *client = queue->waiting; client != NULL; client = client->next)
        count += tube == NULL || find_watch(client, tube) != NULL;
    return count;
}

static void print_stats_tube(const struct client *client, FILE *text)
{
    const struct tube *tube = client->arguments.tube;

    fprintf(text, "name: %s\n", tube->name);
    print_jobs(text, tube->count, tube->urgent);
    fprintf(text, "total-jobs: %" PRIu64 "\ncurrent-using: %zu\ncurrent-watching: %zu\n",
            tube->jobs, tube->using, tube->watching);
    fprintf(text, "current-waiting: %zu\ncmd-delete: %" PRIu64 "\n",
            count_waiting(client->queue, tube), tube->deletes);
}

static void print_tubes(const struct client *client, FILE *text)
{
    for (const struct tube *tube = client->queue->tubes; tube != NULL; tube = tube->next)
        fprintf(text, "- %s\n", tube->name);
}

static void print_tubes_watched(const struct client *client, FILE *text)
{
    for (size_t i = 0; i < client->watches; i++)
        fprintf(text, "- %s\n", client->watched[i]->name);
}

static void run_list_tube_used(struct client *client)
{
    answer(client, "USING %s", client->used->name);
}

static void print_stats(const struct client *client, FILE *text);

/* In the order of the statistics. */
static const struct command commands[] = {
    {"put", "nnnn", run_put, NULL},
    {"peek", "j", run_peek, NULL},
    {"reserve", "", run_reserve, NULL},
    {"reserve-with-timeout", "n", run_reserve, NULL},
    {"delete", "j", run_delete, NULL},
    {"release", "onn", run_release, NULL},
    {"use", "t", run_use, NULL},
    {"watch", "t", run_watch, NULL},
    {"ignore", "i", run_ignore, NULL},
    {"bury", "on", run_bury, NULL},
    {"kick", "n", run_kick, NULL},
    {"touch", "o", run_touch, NULL},
    {"stats", "", NULL, print_stats},
    {"stats-job", "j", NULL, print_stats_job},
    {"stats-tube", "e", NULL, print_stats_tube},
    {"list-tubes", "", NULL, print_tubes},
    {"list-tube-used", "", run_list_tube_used, NULL},
    {"list-tubes-watched", "", NULL, print_tubes_watched},
    {"quit", "", NULL, NULL},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_stats(const struct client *client, FILE *text)
{
    const struct queue *queue = client->queue;
    size_t count[STATES] = {0}, urgent = 0, tubes = 0;

    for (const struct tube *tube = queue->tubes; tube != NULL; tube = tube->next, tubes++) {
        urgent += tube->urgent;
        for (int state = 0; state < STATES; state++)
            count[state] += tube->count[state];
    }
    print_jobs(text, count, urgent);
    for (size_t i = 0; i < COMMANDS - 1; i++)
        fprintf(text, "cmd-%s: %" PRIu64 "\n", commands[i].name, queue->commands[i]);
    fprintf(text, "job-timeouts: %" PRIu64 "\ntotal-jobs: %" PRIu64 "\nmax-job-size: %u\n",
            queue->timeouts, queue->jobs, JOB_SIZE_MAX);
    fprintf(text, "current-tubes: %zu\ncurrent-connections: %zu\ncurrent-waiting: %zu\n", tubes,
            queue->connected, count_waiting(queue, NULL));
    fprintf(text, "total-connections: %zu\npid: %ld\nversion: \"%s\"\nuptime: %" PRIu64 "\n",
            queue->connections, queue->pid, lined_version(), (now_ms() - queue->started) / 1000);
    fprintf(text, "draining: %s\n", lined_server_is_draining(queue->server) ? "true" : "false");
}

/* ---- connections ---- */

/* As in beanstalkd, the name of a command without arguments can be followed by anything. The
 * longest name counts. NULL: there is no such command. */
static const struct command *find_command(const char *line)
{
    const struct command *best = NULL;

    for (size_t i = 0; i < COMMANDS; i++) {
        size_t length = strlen(commands[i].name);
        if (strncmp(line, commands[i].name, length) == 0 &&
            (commands[i].shape[0] == '\0' || line[length] == ' ') &&
            (best == NULL || length > strlen(best->name)))
            best = &commands[i];
    }
    return best;
}

/* False: the text does not have the shape. */
static bool parse(const char *text, const char *shape, struct arguments *arguments)
{
    *arguments = (struct arguments){.number[0] = NO_TIMEOUT};
    for (size_t i = 0; shape[i] != '\0'; i++) {
        if (*text != ' ')
            return false;
        if (strchr("tei", shape[i]) != NULL) {
            size_t length = strspn(++text, NAME_BYTES);
            if (length == 0 || length >= NAME_SIZE || *text == '-')
                return false;
            arguments->name = text;
            text += length;
        } else {
            text += strspn(text, " ");
            char *end;
            errno = 0;
            arguments->number[i] = strtoull(text, &end, 10);
            if (!isdigit((unsigned char)*text) || errno != 0 ||
                (shape[i] == 'n' && arguments->number[i] > UINT32_MAX))
                return false;
            text = end;
        }
    }
    return *text == '\0';
}

/* Receives size bytes and a CRLF. Of more than JOB_SIZE_MAX bytes the last piece is left. */
static int receive_body(struct client *client)
{
    size_t left = client->arguments.number[3] + 2;
    int result = LINED_OK;

    while (left > 0 && (result == LINED_OK || result == LINED_WOKEN)) {
        size_t piece = left < JOB_SIZE_MAX + 2 ? left : JOB_SIZE_MAX + 2;
        result = lined_recv_exact(client->conn, &client->arguments.body, piece);
        left -= result == LINED_OK ? piece : 0;
    }
    return result;
}

/* The text of a command that prints. */
static void answer_text(struct client *client, const struct command *command)
{
    FILE *text = open_memstream(&client->text, &client->text_size);

    answer(client, "OUT_OF_MEMORY");
    if (text == NULL)
        return;
    fputs("---\n", text);
    command->print(client, text);
    size_t size = (size_t)ftell(text);
    fputs("\r\n", text);
    if (fclose(text) == 0)
        answer(client, "OK %zu", size);
}

/* Looks the job or the tube of the arguments up. False: it is answered that there is none. */
static bool find_argument(struct client *client, char kind)
{
    struct queue *queue = client->queue;
    struct arguments *arguments = &client->arguments;
    struct job *job = queue->buckets[arguments->number[0] % BUCKETS];

    if (arguments->name != NULL)
        arguments->tube =
            kind == 't' ? need_tube(queue, arguments->name) : find_tube(queue, arguments->name);
    while (job != NULL && job->id != arguments->number[0])
        job = job->in_bucket;
    arguments->job = job;
    if (kind == 't' && arguments->tube == NULL)
        answer(client, "OUT_OF_MEMORY");
    else if ((kind == 'e' && arguments->tube == NULL) || (kind == 'j' && job == NULL) ||
             (kind == 'o' && (job == NULL || job->holder != client)))
        answer(client, "NOT_FOUND");
    else
        return true;
    return false;
}

/* True: the client waits for a job. */
static bool run(struct client *client, const struct command *command)
{
    pthread_mutex_lock(&client->queue->lock);
    client->queue->commands[command - commands]++;
    bool is_found = find_argument(client, command->shape[0]);
    if (is_found && command->print != NULL)
        answer_text(client, command);
    else if (is_found)
        command->run(client);
    bool is_waiting = client->is_waiting;
    pthread_mutex_unlock(&client->queue->lock);
    return is_waiting;
}

/* Waits until the client has a job, its timeout or the margin of a reservation comes, or the
 * connection is to end; then the next receive says why. */
static void wait_for_job(struct client *client)
{
    uint64_t margin = client->margin_ms, timeout = client->arguments.number[0];
    bool is_waiting = true;
    int result = LINED_WOKEN;

    timeout = timeout <= TIME_MAX_S ? timeout * 1000 : NO_TIMEOUT;
    uint64_t least = margin < timeout ? margin : timeout;
    lined_set_deadline(client->conn, least <= INT32_MAX ? (uint32_t)least : 0);
    while (result == LINED_WOKEN && is_waiting) {
        result = lined_wait(client->conn);
        pthread_mutex_lock(&client->queue->lock);
        is_waiting = client->is_waiting;
        if (is_waiting && result != LINED_WOKEN) {
            stop_waiting(client);
            answer(client,
                   result == LINED_DEADLINE && margin < timeout ? "DEADLINE_SOON" : "TIMED_OUT");
        }
        pthread_mutex_unlock(&client->queue->lock);
    }
    lined_set_deadline(client->conn, 0);
}

static int send_answer(struct client *client)
{
    int result = lined_printf(client->conn, "%s\r\n", client->answer);

    if (result == LINED_OK && client->text != NULL)
        result = lined_send(client->conn, client->text, client->text_size);
    free(client->text);
    client->text = NULL;
    return result;
}

static int handle(struct client *client, const char *line, size_t length)
{
    const struct command *command = find_command(line);
    int result = LINED_OK;

    if (length > LINE_SIZE - 2 || strlen(line) != length)
        answer(client, "BAD_FORMAT");
    else if (command == NULL)
        answer(client, "UNKNOWN_COMMAND");
    else if (command->run == NULL && command->print == NULL)
        return LINED_END;
    else if (!parse(line + strlen(command->name), command->shape, &client->arguments))
        answer(client, "BAD_FORMAT");
    else if (command->run == run_put && (result = receive_body(client)) != LINED_OK)
        return result;
    else if (run(client, command))
        wait_for_job(client);
    return send_answer(client);
}

static void enter(struct client *client)
{
    struct queue *queue = client->queue;

    pthread_mutex_lock(&queue->lock);
    client->used = client->watched[0] = queue->tubes;
    client->watches = 1;
    queue->tubes->using ++;
    queue->tubes->watching++;
    queue->connections++;
    queue->connected++;
    pthread_mutex_unlock(&queue->lock);
}

/* The jobs that it has reserved become ready again. */
static void leave(struct client *client)
{
    struct queue *queue = client->queue;

    pthread_mutex_lock(&queue->lock);
    while (client->reserved.first != NULL) {
        struct job *job = client->reserved.first;
        leave_state(job);
        make_ready(job);
    }
    while (client->watches > 0)
        unwatch(client, &client->watched[0]);
    client->used->using --;
    drop_unused_tube(queue, client->used);
    queue->connected--;
    pthread_mutex_unlock(&queue->lock);
}

/* A piece of a line that is too long has LINE_SIZE bytes; a text with an LF behind it has less. */
static int task(void *context, lined_conn *conn, void *state)
{
    struct client client = {.queue = context, .conn = conn};
    bool is_rest = false;
    int result;

    (void)state;
    enter(&client);
    lined_set_max_line(conn, LINE_SIZE);
    do {
        size_t length;
        char *line;
        result = lined_recv_text(conn, &line, &length);
        if (result != LINED_OK)
            continue;
        bool is_piece = length == LINE_SIZE && client.queue->splits;
        if (!is_rest)
            result = handle(&client, line, length);
        is_rest = is_piece;
    } while (result == LINED_OK || result == LINED_WOKEN);
    leave(&client);
    return result;
}

/* ---- the module ---- */

static void finish(void *context)
{
    struct queue *queue = context;

    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct job *job = queue->buckets[i], *next; job != NULL; job = next) {
            next = job->in_bucket;
            free(job);
        }
    }
    for (struct tube *tube = queue->tubes, *next; tube != NULL; tube = next) {
        next = tube->next;
        free(tube);
    }
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static int begin(lined_server *server, const struct lined_options *options, void **context)
{
    struct queue *queue = calloc(1, sizeof *queue);

    if (queue == NULL)
        return -ENOMEM;
    queue->server = server;
    queue->splits = options->long_line == LINED_LONG_SPLIT;
    queue->pid = (long)getpid();
    queue->started = now_ms();
    pthread_mutex_init(&queue->lock, NULL);
    *context = queue;
    return need_tube(queue, "default") != NULL ? LINED_OK : -ENOMEM;
}

static const struct lined_handler handler = {.task = task, .wakeable = true};

LINED_API const struct lined_module lined_module = {LINED_ABI, &handler, begin, finish};
