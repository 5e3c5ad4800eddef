#include "report.h"

#include <inttypes.h>
#include <stdio.h>

/* From this share of a core on, the load generator may be the bottleneck. */
#define BUSY_PERCENT 90

static double us(const struct histogram *histogram, double share)
{
    return (double)histogram_quantile(histogram, share) / 1e3;
}

static double per_second(const struct figures *figures)
{
    return figures->seconds > 0 ? (double)figures->lines / figures->seconds : 0;
}

static double percent(double cpu_seconds, const struct figures *figures)
{
    return figures->seconds > 0 ? cpu_seconds / figures->seconds * 100 : 0;
}

static double server_us(const struct figures *figures)
{
    return figures->lines > 0 ? figures->used.server / (double)figures->lines * 1e6 : 0;
}

/* The memory of the server per connection, if the server has kb now. */
static double connection_kb(const struct settings *settings, const struct figures *figures,
                            uint64_t kb)
{
    if (settings->mode != MODE_HOLD)
        return 0;
    return ((double)kb - (double)figures->server_kb_before) / settings->connections;
}

static void print_latency(const char *name, const struct histogram *histogram)
{
    printf("  %-11s p50 %.1f us, p99 %.1f us, p99.9 %.1f us, max %.1f us\n", name,
           us(histogram, 0.5), us(histogram, 0.99), us(histogram, 0.999),
           (double)histogram->most / 1e3);
}

static void print_load(const struct settings *settings)
{
    const char *plural = settings->connections == 1 ? "" : "s";

    switch (settings->mode) {
    case MODE_CLOSED:
        printf("closed loop: %u connection%s x %u in flight, lines of %u bytes\n",
               settings->connections, plural, settings->outstanding, settings->size);
        break;
    case MODE_OPEN:
        printf("open loop: %u lines/s on %u connection%s, at most %u in flight on each, lines of "
               "%u bytes\n",
               settings->rate, settings->connections, plural, settings->outstanding,
               settings->size);
        break;
    case MODE_CHURN:
        printf("churn: connect, a line of %u bytes, its reply, close; %u connection%s at once\n",
               settings->size, settings->connections, plural);
        break;
    case MODE_HOLD:
        printf("hold: %u connection%s x %u lines of %u bytes\n", settings->connections, plural,
               settings->outstanding, settings->size);
        break;
    }
}

static void print_open(const struct settings *settings, const struct figures *figures)
{
    printf("  reached     %.0f lines/s of %u wanted (%.1f %%)\n", per_second(figures),
           settings->rate, per_second(figures) / settings->rate * 100);
    if (figures->unanswered > 0)
        printf("  unanswered  %" PRIu64 " lines that were due; their wait so far is counted\n",
               figures->unanswered);
}

static void print_hold(const struct settings *settings, const struct figures *figures)
{
    printf("  opened      all established and answered in %.3f s (%.0f connections/s)\n",
           figures->first_seconds, settings->connections / figures->first_seconds);
    if (figures->again_seconds > 0)
        printf("  asked again all answered in %.3f s (%.0f lines/s)\n", figures->again_seconds,
               per_second(figures));
    else
        printf("  asked again interrupted\n");
}

static void print_processes(const struct settings *settings, const struct figures *figures)
{
    double own = percent(figures->used.own, figures);

    if (settings->pid != 0) {
        printf("  server      %.3f us CPU per %s, %.0f %% of a core, %" PRIu64 " KB resident",
               server_us(figures), settings->mode == MODE_CHURN ? "connection" : "line",
               percent(figures->used.server, figures), figures->server_kb);
        if (settings->mode == MODE_HOLD)
            printf(", %.2f KB per connection, %.2f after the silence",
                   connection_kb(settings, figures, figures->server_kb),
                   connection_kb(settings, figures, figures->server_kb_rested));
        putchar('\n');
    }
    if (settings->non_readers > 0)
        printf("  non-readers %u, of which the server ended %u\n", settings->non_readers,
               figures->non_readers_ended);
    printf("  lined-load  %.0f %% of a core%s\n", own,
           own >= BUSY_PERCENT ? ": busy, lined-load may be the bottleneck" : "");
}

void report_words(const struct settings *settings, const struct figures *figures)
{
    print_load(settings);
    switch (settings->mode) {
    case MODE_CLOSED:
        printf("  throughput  %.0f lines/s (%" PRIu64 " lines in %.2f s)\n", per_second(figures),
               figures->lines, figures->seconds);
        break;
    case MODE_OPEN:
        print_open(settings, figures);
        break;
    case MODE_CHURN:
        printf("  throughput  %.0f connections/s (%" PRIu64 " in %.2f s)\n", per_second(figures),
               figures->lines, figures->seconds);
        break;
    case MODE_HOLD:
        print_hold(settings, figures);
        break;
    }
    print_latency("latency", &figures->latencies);
    if (settings->mode == MODE_OPEN)
        print_latency("sent late", &figures->late);
    print_processes(settings, figures);
}

void report_csv(const struct settings *settings, const struct figures *figures)
{
    static const char *const modes[] = {[MODE_CLOSED] = "closed",
                                        [MODE_OPEN] = "open",
                                        [MODE_CHURN] = "churn",
                                        [MODE_HOLD] = "hold"};

    printf("%u,%u,%u,%.0f,%.1f,%.1f,%.1f,%.3f,%" PRIu64, settings->connections,
           settings->outstanding, settings->size, per_second(figures), us(&figures->latencies, 0.5),
           us(&figures->latencies, 0.99), us(&figures->latencies, 0.999), server_us(figures),
           figures->server_kb);
    printf(",%.1f,%.1f,%.1f,%s,%u,%" PRIu64 ",%.1f", (double)figures->latencies.most / 1e3,
           percent(figures->used.server, figures), percent(figures->used.own, figures),
           modes[settings->mode], settings->rate, figures->unanswered, us(&figures->late, 0.99));
    printf(",%.6f,%.6f,%.2f,%u,%.2f\n", figures->first_seconds, figures->again_seconds,
           connection_kb(settings, figures, figures->server_kb), figures->non_readers_ended,
           connection_kb(settings, figures, figures->server_kb_rested));
}
