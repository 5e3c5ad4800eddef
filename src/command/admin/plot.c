#include "plot.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>

/* Where the curve is, in units of the SVG's viewBox of 600 x 150. page.js knows BOTTOM, too. */
#define LEFT   60
#define RIGHT  592
#define TOP    12
#define BOTTOM 126

#define SPAN_MS (HISTORY_SAMPLES * HISTORY_STEP_MS)

/* Higher values are drawn as this. It fits a uint64_t. */
#define VALUE_MAX 1e18

struct plot {
    double max; /* of the scale */
    size_t count;
    struct {
        double age_ms;
        double value;
    } points[HISTORY_SAMPLES + 1]; /* the oldest first; the last is the moment */
};

static const struct {
    const char *name; /* in the JSON */
    const char *title;
} kinds[PLOT_KINDS] = {{"connected", "Connections"}, {"lines", "Lines per second"}};

/* 1, 2 or 4 times a power of ten, so that half of it is whole: the lowest that is not below the
 * value, and at least 4. */
static double scale_max(double value)
{
    double step = 1; /* a power of ten */
    double max = 4;

    while (max < value) {
        if (max < 4 * step) {
            max *= 2;
        } else {
            step *= 10;
            max = step;
        }
    }
    return max;
}

static double lines_per_second(const struct history_sample *before,
                               const struct history_sample *sample)
{
    if (sample->at_ms <= before->at_ms || sample->lines < before->lines)
        return 0;
    return (double)(sample->lines - before->lines) * 1000 / (double)(sample->at_ms - before->at_ms);
}

/* A rate needs the sample before, so the oldest sample has none. */
static void take(struct plot *plot, const struct admin_view *view, enum plot_kind kind)
{
    const struct history_sample *samples = view->samples;
    double highest = 0;

    plot->count = 0;
    for (size_t i = kind == PLOT_LINES; i < view->sample_count; i++) {
        double age_ms = (double)(samples[view->sample_count - 1].at_ms - samples[i].at_ms);
        double value = kind == PLOT_CONNECTED ? (double)samples[i].connected
                                              : lines_per_second(&samples[i - 1], &samples[i]);
        if (age_ms > SPAN_MS)
            continue;
        value = value < VALUE_MAX ? value : VALUE_MAX;
        highest = value > highest ? value : highest;
        plot->points[plot->count].age_ms = age_ms;
        plot->points[plot->count++].value = value;
    }
    plot->max = scale_max(highest);
}

static uint64_t value_now(const struct plot *plot)
{
    return plot->count == 0 ? 0 : (uint64_t)(plot->points[plot->count - 1].value + 0.5);
}

static double place_of_age(double age_ms)
{
    return RIGHT - age_ms / SPAN_MS * (RIGHT - LEFT);
}

static double place_of_value(const struct plot *plot, double value)
{
    return BOTTOM - value / plot->max * (BOTTOM - TOP);
}

static void add_points(struct text *text, const struct plot *plot)
{
    for (size_t i = 0; i < plot->count; i++)
        text_add(text, "%s%.1f,%.1f", i == 0 ? "" : " ", place_of_age(plot->points[i].age_ms),
                 place_of_value(plot, plot->points[i].value));
}

/* Short, because there is little room for it: 5,000 or 20 k or 1 M. */
static void add_label(struct text *text, double value)
{
    static const struct {
        double one;
        const char *unit;
    } units[] = {{1e15, " P"}, {1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e4, " k"}};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (value >= units[i].one) {
            double one = units[i].one == 1e4 ? 1e3 : units[i].one;
            text_add(text, "%.0f%s", value / one, units[i].unit);
            return;
        }
    }
    text_number(text, (uint64_t)value);
}

/* ---- HTML ---- */

static void add_grid(struct text *text, const struct plot *plot)
{
    for (int halves = 2; halves >= 0; halves--) {
        double value = plot->max * halves / 2;
        double y = place_of_value(plot, value);
        text_add(text,
                 "<line class=grid x1=%d x2=%d y1=%.0f y2=%.0f></line>"
                 "<text class=scale x=%d y=%.0f text-anchor=end>",
                 LEFT, RIGHT, y, y, LEFT - 8, y + 4);
        add_label(text, value);
        text_add(text, "</text>\n");
    }
    text_add(text, "<text x=%d y=146 text-anchor=end>now</text>", RIGHT);
    for (int minutes = 1; minutes * 60000 <= SPAN_MS; minutes++)
        text_add(text, "<text x=%.0f y=146 text-anchor=middle>-%d min</text>",
                 place_of_age(minutes * 60000.0), minutes);
}

void plot_html(struct text *text, const struct admin_view *view, enum plot_kind kind)
{
    const char *name = kinds[kind].name;
    const char *title = kinds[kind].title;
    struct plot plot;

    take(&plot, view, kind);
    text_add(text, "<section><h2>%s <b id=now-%s>", title, name);
    text_number(text, value_now(&plot));
    text_add(text,
             "</b></h2><svg class=plot id=plot-%s viewBox=\"0 0 600 150\" role=img "
             "aria-label=\"%s of the last 5 minutes\">\n",
             name, title);
    add_grid(text, &plot);
    if (plot.count > 0) {
        text_add(text, "\n<path class=area d=\"M");
        add_points(text, &plot);
        text_add(text, "V%dH%.1fZ\"></path>\n<polyline class=curve points=\"", BOTTOM,
                 place_of_age(plot.points[0].age_ms));
        add_points(text, &plot);
        text_add(text, "\"></polyline>");
    }
    text_add(text, "</svg></section>\n");
}

/* ---- JSON ---- */

void plot_json(struct text *text, const struct admin_view *view, enum plot_kind kind)
{
    struct plot plot;

    take(&plot, view, kind);
    text_add(text, "\"%s\":{\"now\":%" PRIu64 ",\"scale\":[\"", kinds[kind].name, value_now(&plot));
    add_label(text, plot.max);
    text_add(text, "\",\"");
    add_label(text, plot.max / 2);
    text_add(text, "\",\"0\"],\"points\":\"");
    add_points(text, &plot);
    text_add(text, "\"}");
}
