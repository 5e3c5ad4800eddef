/*
 * A work queue with the protocol of beanstalkd: producers put jobs into tubes; workers reserve jobs
 * from the tubes that they watch, and delete, release or bury them. See README.md.
 *
 * Each connection has a task, serve. It receives a command, runs it with the lock of the queue
 * held, and sends the answer without the lock: a client that does not read delays no other client.
 * If no job is ready for a client, its task waits in lined_wait. The thread that makes a job ready
 * reserves it for the first client that waits for it, and wakes the task of that client. One timer
 * of lined_after is for the job that is due first.
 */
#define _POSIX_C_SOURCE 200809L
#include <lined.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_SIZE    224u /* the longest command, including CR and LF */
#define NAME_SIZE    201u /* of a tube, including its NUL */
#define NAME_BYTES   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+/;.$_()"
#define WATCHES_MAX  32u
#define JOB_SIZE_MAX 65535u
#define BYTES_MAX    (64u * 1024 * 1024) /* of all jobs */
#define MARGIN_MS    1000u      /* the end of a reservation, in which its client cannot wait */
#define NEVER        UINT64_MAX /* a time; an argument that a command does not have */

/* A list is a circle of nodes, in the order of their keys, then of their ids. The list itself is
 * the node behind the last one, with the key NEVER. */
struct node {
    struct node *next, *previous;
    uint64_t key, id;
};

/* The lists of the queue: of jobs by their state, and of the clients that wait for a job. */
enum list {
    READY,    /* key: the priority */
    RESERVED, /* key: when the time to run ends */
    DELAYED,  /* key: when the delay ends */
    BURIED,   /* key: the number of the burial */
    WAITING,  /* key: the number of the wait */
    LISTS,
};

/* The queue owns the job. A tube is only a name. */
struct job {
    struct node node;      /* first, so that a pointer to it is a pointer to the job */
    struct client *holder; /* the client that has reserved it, or NULL */
    uint32_t priority, ttr;
    char tube[NAME_SIZE];
    size_t size;
    char body[]; /* size bytes, CR, LF */
};

/* One connection, on the stack of its task. The lock guards node, watched and watches, and while
 * the client waits also answer: other threads use these. The rest is used by the task only. */
struct client {
    struct node node; /* in the list of waiting clients; first, as in a job */
    struct queue *queue;
    lined_conn *conn;
    uint64_t number[4];      /* the arguments of its command, and the body of a put; */
    const char *name, *body; /* these two are valid until the next receive */
    FILE *answer;            /* the answer to its command */
    uint64_t wait_ms;        /* how long it waits for a job */
    const char *late;        /* the answer if no job has come by then */
    size_t watches;
    char used[NAME_SIZE], watched[WATCHES_MAX][NAME_SIZE];
};

/* The lock guards all but server and splits, which do not change. */
struct queue {
    lined_server *server;
    bool splits; /* a line that is too long comes in pieces */
    pthread_mutex_t lock;
    struct node lists[LISTS];
    size_t bytes;      /* of all jobs */
    lined_timer timer; /* calls jobs_are_due at the time due */
    uint64_t due, last_id, burials, waits;
};

/* ---- lists ---- */

static void init_list(struct node *list)
{
    *list = (struct node){.next = list, .previous = list, .key = NEVER};
}

/* Searches from the end, where most nodes belong. */
static void insert(struct node *list, struct node *node)
{
    struct node *previous = list->previous;

    while (previous != list &&
           (previous->key > node->key || (previous->key == node->key && previous->id > node->id)))
        previous = previous->previous;
    node->previous = previous;
    node->next = previous->next;
    node->previous->next = node->next->previous = node;
}

static void take_out(struct node *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    node->next = NULL;
}

/* The first node that matches, or NULL. */
static void *find(struct node *list, bool (*matches)(const struct node *node, const void *argument),
                  const void *argument)
{
    struct node *node = list->next;

    while (node != list && !matches(node, argument))
        node = node->next;
    return node != list ? node : NULL;
}

/* ---- what find looks for ---- */

static bool has_id(const struct node *job, const void *id)
{
    return job->id == *(const uint64_t *)id;
}

static bool is_held_by(const struct node *job, const void *client)
{
    return ((const struct job *)job)->holder == client;
}

static bool is_in_tube(const struct node *job, const void *name)
{
    return strcmp(((const struct job *)job)->tube, name) == 0;
}

static bool watches(const struct node *client, const void *name)
{
    const struct client *watcher = (const struct client *)client;
    size_t i = 0;

    while (i < watcher->watches && strcmp(watcher->watched[i], name) != 0)
        i++;
    return i < watcher->watches;
}

static bool is_watched_by(const struct node *job, const void *client)
{
    return watches(client, ((const struct job *)job)->tube);
}

/* ---- the states of a job ---- */

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A new job is in no list yet. */
static void move(struct queue *queue, struct job *job, enum list list, uint64_t key)
{
    if (job->node.next != NULL)
        take_out(&job->node);
    job->holder = NULL;
    job->node.key = key;
    insert(&queue->lists[list], &job->node);
}

static void reserve(struct client *client, struct job *job)
{
    move(client->queue, job, RESERVED, now_ms() + (uint64_t)job->ttr * 1000);
    job->holder = client;
    fprintf(client->answer, "RESERVED %" PRIu64 " %zu\r\n", job->node.id, job->size);
    fwrite(job->body, 1, job->size + 2, client->answer);
}

/* A delay of NEVER buries the job. Without a delay the first client that waits for the job gets it.
 * If the connection of that client ends now, its task makes the job ready again. lined_wake never
 * blocks, so the lock may be held. */
static void make_ready(struct queue *queue, struct job *job, uint64_t delay_s)
{
    struct client *client = find(&queue->lists[WAITING], watches, job->tube);

    if (delay_s == NEVER) {
        move(queue, job, BURIED, ++queue->burials);
    } else if (delay_s > 0) {
        move(queue, job, DELAYED, now_ms() + delay_s * 1000);
    } else if (client == NULL) {
        move(queue, job, READY, job->priority);
    } else {
        take_out(&client->node);
        reserve(client, job);
        lined_wake(lined_conn_handle(client->conn));
    }
}

static void jobs_are_due(lined_server *server, void *argument);

/* After each change of a list. Without memory for a timer the next change tries again. */
static void set_timer(struct queue *queue)
{
    uint64_t reserved = queue->lists[RESERVED].next->key, delayed = queue->lists[DELAYED].next->key;
    uint64_t due = reserved < delayed ? reserved : delayed, now = now_ms();
    uint64_t ms = due > now ? due - now : 0;

    if (due == queue->due)
        return;
    lined_cancel(queue->server, queue->timer);
    uint32_t next = ms < INT32_MAX ? (uint32_t)ms : INT32_MAX;
    queue->timer = lined_after(queue->server, next, jobs_are_due, NULL);
    queue->due = queue->timer != 0 ? due : 0;
}

/* The function of the timer, called without the lock. It has no argument that could be freed while
 * it waits for the lock. If it comes late or twice, it finds no job that is due. */
static void jobs_are_due(lined_server *server, void *argument)
{
    struct queue *queue = lined_server_context(server);

    (void)argument;
    pthread_mutex_lock(&queue->lock);
    for (enum list i = RESERVED; i <= DELAYED; i++)
        while (queue->lists[i].next->key <= now_ms())
            make_ready(queue, (struct job *)queue->lists[i].next, 0);
    queue->due = 0;
    set_timer(queue);
    pthread_mutex_unlock(&queue->lock);
}

/* ---- commands, with the lock held ----
 * Each returns the last line of its answer. NULL: the answer is complete, or comes later. */

/* put PRIORITY DELAY TTR SIZE. As in beanstalkd, some jobs that are rejected have an id too. */
static const char *run_put(struct client *client)
{
    struct queue *queue = client->queue;
    size_t size = client->number[3], bytes = sizeof(struct job) + size + 2;

    if (size > JOB_SIZE_MAX)
        return "JOB_TOO_BIG";
    uint64_t id = ++queue->last_id;
    if (memcmp(client->body + size, "\r\n", 2) != 0)
        return "EXPECTED_CRLF";
    if (lined_server_is_draining(queue->server))
        return "DRAINING";
    struct job *job = bytes <= BYTES_MAX - queue->bytes ? calloc(1, bytes) : NULL;
    if (job == NULL)
        return "OUT_OF_MEMORY";
    queue->bytes += bytes;
    job->node.id = id;
    job->priority = (uint32_t)client->number[0];
    job->ttr = client->number[2] > 0 ? (uint32_t)client->number[2] : 1;
    job->size = size;
    memcpy(job->body, client->body, size + 2);
    strcpy(job->tube, client->used);
    make_ready(queue, job, client->number[1]);
    fprintf(client->answer, "INSERTED %" PRIu64 "\r\n", id);
    return NULL;
}

/* reserve, or reserve-with-timeout SECONDS. A client does not wait in the last MARGIN_MS of a
 * reservation that it has. */
static const char *run_reserve(struct client *client)
{
    struct queue *queue = client->queue;
    struct job *job = find(&queue->lists[READY], is_watched_by, client);
    uint64_t timeout = client->number[0] == NEVER ? NEVER : client->number[0] * 1000;
    uint64_t soon = now_ms() + MARGIN_MS, margin = NEVER;

    if (job != NULL) {
        reserve(client, job);
        return NULL;
    }
    struct job *held = find(&queue->lists[RESERVED], is_held_by, client);
    if (held != NULL)
        margin = held->node.key > soon ? held->node.key - soon : 0;
    client->late = margin <= timeout ? "DEADLINE_SOON" : "TIMED_OUT";
    client->wait_ms = margin <= timeout ? margin : timeout;
    if (client->wait_ms == 0)
        return client->late;
    client->node.key = ++queue->waits;
    insert(&queue->lists[WAITING], &client->node);
    return NULL;
}

/* delete ID. A reserved job is deleted by its holder only. */
static const char *run_delete(struct client *client)
{
    struct job *job = NULL;

    for (enum list i = READY; i < WAITING && job == NULL; i++)
        job = find(&client->queue->lists[i], has_id, &client->number[0]);
    if (job == NULL || (job->holder != NULL && job->holder != client))
        return "NOT_FOUND";
    take_out(&job->node);
    client->queue->bytes -= sizeof *job + job->size + 2;
    free(job);
    return "DELETED";
}

/* release ID PRIORITY DELAY, or bury ID PRIORITY */
static const char *run_release(struct client *client)
{
    struct job *job = find(&client->queue->lists[RESERVED], has_id, &client->number[0]);

    if (job == NULL || job->holder != client)
        return "NOT_FOUND";
    job->priority = (uint32_t)client->number[1];
    make_ready(client->queue, job, client->number[2]);
    return client->number[2] == NEVER ? "BURIED" : "RELEASED";
}

/* kick BOUND: buried jobs become ready, or if there are none, delayed ones. */
static const char *run_kick(struct client *client)
{
    struct node *lists = client->queue->lists;
    struct job *job = find(&lists[BURIED], is_in_tube, client->used);
    enum list list = job != NULL ? BURIED : DELAYED;
    uint64_t kicked = 0;

    while (kicked < client->number[0] &&
           (job = find(&lists[list], is_in_tube, client->used)) != NULL) {
        make_ready(client->queue, job, 0);
        kicked++;
    }
    fprintf(client->answer, "KICKED %" PRIu64 "\r\n", kicked);
    return NULL;
}

/* use TUBE */
static const char *run_use(struct client *client)
{
    strcpy(client->used, client->name);
    fprintf(client->answer, "USING %s\r\n", client->used);
    return NULL;
}

/* watch TUBE */
static const char *run_watch(struct client *client)
{
    if (!watches(&client->node, client->name)) {
        if (client->watches == WATCHES_MAX)
            return "OUT_OF_MEMORY";
        strcpy(client->watched[client->watches++], client->name);
    }
    fprintf(client->answer, "WATCHING %zu\r\n", client->watches);
    return NULL;
}

/* ignore TUBE. A client watches at least one. */
static const char *run_ignore(struct client *client)
{
    if (client->watches == 1 && watches(&client->node, client->name))
        return "NOT_IGNORED";
    for (size_t i = 0; i < client->watches; i++)
        if (strcmp(client->watched[i], client->name) == 0)
            memmove(client->watched[i], client->watched[--client->watches], NAME_SIZE);
    fprintf(client->answer, "WATCHING %zu\r\n", client->watches);
    return NULL;
}

/* stats, or stats-tube TUBE */
static const char *run_stats(struct client *client)
{
    size_t count[LISTS] = {0};
    char text[256];

    for (enum list i = READY; i < LISTS; i++) {
        struct node *list = &client->queue->lists[i];
        for (struct node *node = list->next; node != list; node = node->next)
            count[i] += client->name == NULL || (i == WAITING ? watches(node, client->name)
                                                              : is_in_tube(node, client->name));
    }
    snprintf(text, sizeof text,
             "---\ncurrent-jobs-ready: %zu\ncurrent-jobs-reserved: %zu\n"
             "current-jobs-delayed: %zu\ncurrent-jobs-buried: %zu\ncurrent-waiting: %zu\n",
             count[READY], count[RESERVED], count[DELAYED], count[BURIED], count[WAITING]);
    fprintf(client->answer, "OK %zu\r\n%s\r\n", strlen(text), text);
    return NULL;
}

/* ---- reading a command, without the lock ---- */

/* The shape has n for a number below 2^32, i for an id, t for a tube. quit does not run. */
static const struct command {
    const char *name, *shape;
    const char *(*run)(struct client *client);
} commands[] = {
    {"put", "nnnn", run_put},
    {"reserve", "", run_reserve},
    {"reserve-with-timeout", "n", run_reserve},
    {"delete", "i", run_delete},
    {"release", "inn", run_release},
    {"bury", "in", run_release},
    {"kick", "n", run_kick},
    {"use", "t", run_use},
    {"watch", "t", run_watch},
    {"ignore", "t", run_ignore},
    {"stats", "", run_stats},
    {"stats-tube", "t", run_stats},
    {"quit", "", NULL},
};

/* NULL: there is no such command, or it has no argument and needs one. */
static const struct command *find_command(const char *line)
{
    size_t length = strcspn(line, " ");

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strlen(commands[i].name) == length && strncmp(commands[i].name, line, length) == 0 &&
            (line[length] == ' ' || commands[i].shape[0] == '\0'))
            return &commands[i];
    return NULL;
}

/* text is behind the name of the command. False: it does not have the shape. */
static bool parse_arguments(struct client *client, char *text, const char *shape)
{
    client->name = NULL;
    if (shape[0] == 't') {
        client->name = text + 1;
        size_t length = text[0] == ' ' ? strspn(client->name, NAME_BYTES) : 0;
        return length > 0 && length < NAME_SIZE && text[length + 1] == '\0' && text[1] != '-';
    }
    client->number[0] = client->number[2] = NEVER;
    for (size_t i = 0; shape[i] != '\0'; i++) {
        char *digits = text + strspn(text, " ");
        if (digits == text || !isdigit((unsigned char)*digits))
            return false;
        errno = 0;
        client->number[i] = strtoull(digits, &text, 10);
        if (errno != 0 || (shape[i] == 'n' && client->number[i] > UINT32_MAX))
            return false;
    }
    return *text == '\0';
}

/* Receives the body of a put and its CRLF. One of more than JOB_SIZE_MAX bytes comes in pieces, and
 * is dropped. */
static int receive_body(struct client *client)
{
    size_t left = client->number[3] + 2;
    int result = LINED_OK;

    while (left > 0 && (result == LINED_OK || result == LINED_WOKEN)) {
        size_t piece = left < JOB_SIZE_MAX + 2 ? left : JOB_SIZE_MAX + 2;
        result = lined_recv_exact(client->conn, &client->body, piece);
        left -= result == LINED_OK ? piece : 0;
    }
    return result;
}

/* ---- connections, without the lock ---- */

/* Waits until the client has a job, its time has passed, or the connection is to end. The next
 * receive then says why it is to end. */
static void wait_for_job(struct client *client)
{
    bool is_waiting = true;
    int result = LINED_WOKEN;

    lined_set_deadline(client->conn, client->wait_ms <= INT32_MAX ? (uint32_t)client->wait_ms : 0);
    while (is_waiting && result == LINED_WOKEN) {
        result = lined_wait(client->conn);
        pthread_mutex_lock(&client->queue->lock);
        is_waiting = client->node.next != NULL;
        if (is_waiting && result != LINED_WOKEN) {
            take_out(&client->node);
            fprintf(client->answer, "%s\r\n",
                    result == LINED_DEADLINE ? client->late : "TIMED_OUT");
        }
        pthread_mutex_unlock(&client->queue->lock);
    }
    lined_set_deadline(client->conn, 0);
}

static const char *run(struct client *client, const struct command *command)
{
    pthread_mutex_lock(&client->queue->lock);
    const char *last = command->run(client);
    bool is_waiting = client->node.next != NULL;
    set_timer(client->queue);
    pthread_mutex_unlock(&client->queue->lock);
    if (is_waiting)
        wait_for_job(client);
    return last;
}

/* Without memory for the answer the connection ends, and its jobs are ready again. */
static int handle(struct client *client, char *line, size_t length)
{
    const struct command *command = find_command(line);
    const char *last = NULL;
    int result = LINED_OK;
    char *text;
    size_t size;

    if (command != NULL && command->run == NULL)
        return LINED_END;
    client->answer = open_memstream(&text, &size);
    if (client->answer == NULL)
        return -ENOMEM;
    if (length > LINE_SIZE - 2 || strlen(line) != length)
        last = "BAD_FORMAT";
    else if (command == NULL)
        last = "UNKNOWN_COMMAND";
    else if (!parse_arguments(client, line + strlen(command->name), command->shape))
        last = "BAD_FORMAT";
    else if (command->run != run_put || (result = receive_body(client)) == LINED_OK)
        last = run(client, command);
    if (last != NULL)
        fprintf(client->answer, "%s\r\n", last);
    int closed = fclose(client->answer);
    if (result == LINED_OK)
        result = closed == 0 ? lined_send(client->conn, text, size) : -ENOMEM;
    free(text);
    return result;
}

/* The jobs that the client has reserved become ready again. */
static void leave(struct client *client)
{
    struct queue *queue = client->queue;
    struct job *job;

    pthread_mutex_lock(&queue->lock);
    while ((job = find(&queue->lists[RESERVED], is_held_by, client)) != NULL)
        make_ready(queue, job, 0);
    set_timer(queue);
    pthread_mutex_unlock(&queue->lock);
}

/* A line that is too long has one answer. Each piece of it but the last has LINE_SIZE bytes, and a
 * text with an LF behind it has less. A wake-up that came too late for its wait means nothing. */
static int serve(void *context, lined_conn *conn, void *state)
{
    struct client client = {
        .queue = context, .conn = conn, .used = "default", .watches = 1, .watched = {"default"}};
    bool is_rest = false;
    int result;

    (void)state;
    lined_set_max_line(conn, LINE_SIZE);
    do {
        char *line;
        size_t length;
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

/* No connection is left, and no timer fires any more. */
static void fini(void *context)
{
    struct queue *queue = context;

    for (enum list i = READY; i < WAITING; i++) {
        struct node *list = &queue->lists[i];
        for (struct node *job = list->next, *next; job != list; job = next) {
            next = job->next;
            free(job);
        }
    }
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static int init(lined_server *server, const struct lined_options *options, void **context)
{
    struct queue *queue = calloc(1, sizeof *queue);

    if (queue == NULL)
        return -ENOMEM;
    queue->server = server;
    queue->splits = options->long_line == LINED_LONG_SPLIT;
    pthread_mutex_init(&queue->lock, NULL);
    for (enum list i = READY; i < LISTS; i++)
        init_list(&queue->lists[i]);
    *context = queue;
    return LINED_OK;
}

static const struct lined_handler handler = {.task = serve, .wakeable = true};

LINED_API const struct lined_module lined_module = {LINED_ABI, &handler, init, fini};
