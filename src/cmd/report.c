#include "report.h"

#include "figures.h"
#include "say.h"

#include <inttypes.h>

static struct figures take_figures(lined_server *server, struct log_writer *log)
{
    struct figures figures = {.log_dropped = log == NULL ? 0 : log_writer_dropped(log)};

    lined_server_stats(server, &figures.server);
    return figures;
}

static void say_figures(const struct figures *figures)
{
    char json[FIGURES_JSON_SIZE];

    figures_json(figures, json);
    say_plain(SAY_INFO, json);
}

void report_figures(lined_server *server, struct log_writer *log)
{
    const struct figures figures = take_figures(server, log);

    say_figures(&figures);
}

bool report_lost_lines(struct log_writer *log)
{
    uint64_t lost = log_writer_lost(log);
    const char *lines = lost == 1 ? "line" : "lines";

    if (lost > 0 && log_writer_has_given_up(log))
        say(SAY_ERROR,
            "standard output takes nothing; the end of the packet log is lost: %" PRIu64 " %s",
            lost, lines);
    else if (lost > 0)
        say(SAY_ERROR, "standard output has failed; the packet log lacks %" PRIu64 " %s", lost,
            lines);
    return lost > 0;
}

void report_summary(lined_server *server, struct log_writer *log)
{
    const struct figures figures = take_figures(server, log);
    char sentence[FIGURES_SENTENCE_SIZE];

    figures_sentence(&figures, sentence);
    say(SAY_INFO, "%s", sentence);
    say_figures(&figures);
}
