#include "report.h"

#include "command/log/log_messages.h"
#include "message.h"

#include <inttypes.h>

struct statistics report_take(lined_server *server, struct log_writer *log)
{
    struct statistics statistics = {.log_dropped = log == NULL ? 0 : log_writer_dropped(log)};

    lined_server_stats(server, &statistics.server, sizeof statistics.server);
    return statistics;
}

static void print_statistics(const struct statistics *statistics)
{
    char json[STATISTICS_JSON_SIZE];

    statistics_json(statistics, json);
    message_plain(MESSAGE_INFO, json);
}

void report_statistics(lined_server *server, struct log_writer *log)
{
    const struct statistics statistics = report_take(server, log);

    print_statistics(&statistics);
}

bool report_lost_lines(struct log_writer *log)
{
    uint64_t lost = log_writer_lost(log);
    const char *lines = lost == 1 ? "line" : "lines";

    if (lost > 0 && log_writer_has_given_up(log))
        message(MESSAGE_ERROR, "%.200s is not read; the packet log lacks its last %" PRIu64 " %s",
                log_messages_destination(), lost, lines);
    else if (lost > 0)
        message(MESSAGE_ERROR, "writing to %.200s has failed; the packet log lacks %" PRIu64 " %s",
                log_messages_destination(), lost, lines);
    return lost > 0;
}

void report_summary(lined_server *server, struct log_writer *log)
{
    const struct statistics statistics = report_take(server, log);
    char sentence[STATISTICS_SENTENCE_SIZE];

    statistics_sentence(&statistics, sentence);
    message(MESSAGE_INFO, "%s", sentence);
    print_statistics(&statistics);
}
