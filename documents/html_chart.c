/* html_chart - hours by customer and week as a picture (SVG): a bar a week, cut by customer; of a single
 * week, a bar a customer.
 *
 * Lengths are percentages and heights are pixels, so that the words keep their size on a telephone.  All of
 * it can be read without seeing it: the picture has a title and a description, every bar says what it is, and
 * the figures stand in the legend. */
#include "documents/html_page.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "documents/clean.h"
#include "documents/weeks.h"
#include "documents/when.h"

#define WEEK_LABEL      11 /* percent of the width, for the name of the week */
#define WEEK_BARS       74
#define WEEK_HEIGHT     26
#define CUSTOMER_BARS   100
#define CUSTOMER_HEIGHT 46
#define LABEL_MAX       60 /* letters of a customer's name above its bar */

/* part of whole, as a percentage of `percent`, with three decimals and without floating point. */
static void put_percent(struct html *h, const char *name, int64_t part, int64_t whole, int percent, int add)
{
    int64_t thousandths = whole > 0 ? part * percent * 1000 / whole : 0;
    text_file_printf(h->file, " %s=\"%lld.%03lld%%\"", name, (long long)(thousandths / 1000 + add),
                     (long long)(thousandths % 1000));
}

static const char *customer_of(const struct html *h, const struct week_table *t, size_t i)
{
    return i >= t->n_customers ? h->labels->others
           : *t->customers[i]  ? t->customers[i]
                               : h->labels->no_customer;
}

/* Column i of the table as a class: others always have the last colour. */
static size_t colour_of(const struct week_table *t, size_t i)
{
    return i < t->n_customers ? i : WEEKS_CUSTOMERS_MAX;
}

static void format_week(int32_t monday, char ret_text[16])
{
    int year, week = when_iso_week(monday, &year);
    snprintf(ret_text, 16, "%d-W%02d", year, week);
}

static void put_bar_title(struct html *h, const char *week, const char *customer, int64_t minutes)
{
    html_put(h, "<title>");
    html_text(h, week);
    html_put(h, " \xc2\xb7 ");
    html_text(h, customer);
    html_put(h, " \xc2\xb7 ");
    html_hours(h, minutes);
    html_put(h, "</title>");
}

/* ---- a bar a week ---- */

static void put_week(struct html *h, const struct week_table *t, const struct week_row *week, int64_t y)
{
    char name[16];
    int64_t before = 0;
    format_week(week->monday, name);
    /* The year stands in the titles: "W02" has to fit on a telephone. */
    text_file_printf(h->file, "<text x=\"0\" y=\"%lld\">%s</text>", (long long)y + 17, strchr(name, 'W'));
    text_file_printf(h->file, "<rect class=\"grid\" x=\"%d%%\" y=\"%lld\" width=\"%d%%\" height=\"1\"/>",
                     WEEK_LABEL, (long long)y + WEEK_HEIGHT - 2, WEEK_BARS);
    for (size_t i = 0; i < t->n_customers + t->has_others; i++) {
        int64_t minutes = week->customers[colour_of(t, i)].worked;
        if (minutes > 0) {
            text_file_printf(h->file, "<rect class=\"s%zu\" y=\"%lld\" height=\"%d\"", colour_of(t, i),
                             (long long)y + 4, WEEK_HEIGHT - 8);
            put_percent(h, "x", before, t->longest, WEEK_BARS, WEEK_LABEL);
            put_percent(h, "width", minutes, t->longest, WEEK_BARS, 0);
            html_put(h, ">");
            put_bar_title(h, name, customer_of(h, t, i), minutes);
            html_put(h, "</rect>");
            before += minutes;
        }
    }
    text_file_printf(h->file, "<text x=\"100%%\" y=\"%lld\" text-anchor=\"end\">", (long long)y + 17);
    html_hours(h, week->all.worked);
    html_put(h, "</text>\n");
}

/* ---- a bar a customer ---- */

/* The first letters of a name, which no line break helps in a picture. */
static void put_short(struct html *h, const char *text)
{
    CLEANUP(buf_finish) struct buf b = {.max = 4096};
    (void)!clean_text(text, LABEL_MAX, &b, NULL);
    html_text(h, buf_str(&b));
}

static void put_customer(struct html *h, const struct week_table *t, size_t i, const char *week)
{
    int64_t minutes = t->sums[colour_of(t, i)].worked, most = 0;
    long long y = (long long)i * CUSTOMER_HEIGHT;
    for (size_t k = 0; k <= WEEKS_CUSTOMERS_MAX; k++) {
        most = t->sums[k].worked > most ? t->sums[k].worked : most;
    }
    text_file_printf(h->file, "<text x=\"0\" y=\"%lld\">", y + 15);
    put_short(h, customer_of(h, t, i));
    text_file_printf(h->file, "</text><text x=\"100%%\" y=\"%lld\" text-anchor=\"end\">", y + 15);
    html_hours(h, minutes);
    text_file_printf(h->file, "</text><rect class=\"s%zu\" x=\"0\" y=\"%lld\" height=\"14\"", colour_of(t, i),
                     y + 22);
    put_percent(h, "width", minutes, most, CUSTOMER_BARS, 0);
    html_put(h, ">");
    put_bar_title(h, week, customer_of(h, t, i), minutes);
    html_put(h, "</rect>\n");
}

/* ---- the picture ---- */

static void put_legend(struct html *h, const struct week_table *t)
{
    html_put(h, "<figcaption><ul class=\"legend\">\n");
    for (size_t i = 0; i < t->n_customers + t->has_others; i++) {
        text_file_printf(h->file, "<li><i class=\"s%zu\"></i><span>", colour_of(t, i));
        html_bdi(h, customer_of(h, t, i));
        html_put(h, " <b>");
        html_hours(h, t->sums[colour_of(t, i)].worked);
        html_put(h, "</b></span></li>\n");
    }
    html_put(h, "</ul></figcaption>");
}

static void put_description(struct html *h, const struct week_table *t)
{
    html_element(h, "<title id=\"chart-title\">", h->labels->chart, "</title><desc id=\"chart-desc\">");
    for (size_t i = 0; i < t->n_customers + t->has_others; i++) {
        html_put(h, i > 0 ? "; " : "");
        html_text(h, customer_of(h, t, i));
        html_put(h, ": ");
        html_hours(h, t->sums[colour_of(t, i)].worked);
    }
    html_put(h, "</desc>\n");
}

void html_put_chart(struct html *h)
{
    CLEANUP(week_table_finish) struct week_table t;
    week_table_make(h->in, &t);
    if (h->template->has_chart && t.n_customers > 0 && t.longest > 0) {
        bool is_one_week = t.n_rows == 1;
        size_t n = is_one_week ? t.n_customers + t.has_others : t.n_rows;
        html_element(h, "<section><h2>", h->labels->chart, "</h2>\n<figure>");
        text_file_printf(h->file,
                         "<svg role=\"img\" aria-labelledby=\"chart-title chart-desc\" height=\"%zu\">",
                         n * (is_one_week ? CUSTOMER_HEIGHT : WEEK_HEIGHT));
        put_description(h, &t);
        char week[16] = "";
        format_week(t.rows[0].monday, week);
        for (size_t i = 0; i < n; i++) {
            if (is_one_week) {
                put_customer(h, &t, i, week);
            } else {
                put_week(h, &t, &t.rows[i], (int64_t)i * WEEK_HEIGHT);
            }
        }
        html_put(h, "</svg>");
        if (!is_one_week) {
            put_legend(h, &t);
        }
        html_put(h, "</figure></section>\n");
    }
}
