/* html_style - the style sheet of the HTML document: wide screens, telephones (lines become cards), dark
 * screens, paper. */
#include "documents/html_page.h"

#include "documents/weeks.h"

static const char fixed[] =
    "*{box-sizing:border-box}"
    "html{-webkit-text-size-adjust:100%;text-size-adjust:100%}"
    "body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,\"Segoe "
    "UI\",Roboto,"
    "\"Noto Sans\",\"DejaVu Sans\",sans-serif;overflow-wrap:anywhere}"
    ".sheet{max-width:1180px;margin:0 auto;padding:28px 24px 40px}"
    "h1{font-size:2rem;line-height:1.15;margin:26px 0 "
    "4px;letter-spacing:-.02em;display:flex;flex-wrap:wrap;gap:0 14px}"
    "h1 span{color:var(--accent);font-variant-numeric:tabular-nums}"
    "h2{font-size:1.05rem;margin:36px 0 10px;color:var(--accent)}"
    ".letterhead{display:flex;justify-content:space-between;align-items:flex-start;gap:24px;"
    "border-bottom:3px solid var(--accent);padding-bottom:16px}"
    ".letterhead address{font-style:normal;color:var(--soft);font-size:.9rem;line-height:1.45}"
    ".letterhead address span:first-child{font-weight:650;font-size:1.15rem;color:var(--ink)}"
    ".letterhead address span{display:block}"
    ".letterhead img{max-width:180px;max-height:72px;flex:none}"
    "dl{margin:0}dt{color:var(--soft);font-size:.8rem}dd{margin:0}"
    ".facts{display:flex;flex-wrap:wrap;gap:10px 40px;margin-top:14px}"
    ".figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-top:22px}"
    ".figures div{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 16px}"
    ".figures dd{font-size:1.65rem;font-weight:650;line-height:1.25;letter-spacing:-.01em}"
    ".figures .main{border-color:var(--accent);box-shadow:inset 4px 0 0 var(--accent)}"
    ".figures .open dd{color:var(--warn)}"
    ".figures dd,.n,svg{font-variant-numeric:tabular-nums}"
    ".n{text-align:right;white-space:nowrap}"
    /* tables */
    "table{border-collapse:collapse;width:100%}"
    "th,td{padding:7px 10px;text-align:left;vertical-align:top}"
    "th.n,td.n{text-align:right}"
    "thead th{color:var(--soft);font-size:.8rem;font-weight:600;border-bottom:2px solid var(--accent);"
    "vertical-align:bottom;padding-bottom:5px}"
    "tbody td,tbody th{border-bottom:1px solid var(--rule)}"
    "tbody th{font-weight:inherit}"
    ".day th,.day td{background:var(--tint);font-weight:650;border-bottom:0}"
    ".day td{font-weight:500;color:var(--soft)}"
    "tfoot th,tfoot td{border-top:2px solid var(--accent);font-weight:700;background:var(--tint)}"
    "tfoot .aside th,tfoot .aside td{border-top:0;font-weight:400;color:var(--soft);background:none}"
    ".no{color:var(--soft);white-space:nowrap;font-variant-numeric:tabular-nums;text-align:right}"
    ".time,.date{white-space:nowrap;font-variant-numeric:tabular-nums}"
    ".subject{width:40%;min-width:11em}.customer{min-width:6.5em}.location{min-width:6em}"
    ".small{display:block;font-size:.85rem;color:var(--soft)}"
    ".none{color:var(--soft)}"
    ".chip{display:inline-block;font-size:.78rem;line-height:1.5;padding:0 "
    "8px;border-radius:9px;white-space:nowrap;"
    "background:var(--tint);border:1px solid var(--rule)}"
    ".billable{color:var(--accent);border-color:currentColor;background:none}"
    ".late,.held{color:var(--warn);border-color:currentColor;background:none}"
    "td.n .chip{display:block;width:max-content;margin:2px 0 0 auto}"
    /* chart */
    "figure{margin:0}svg{display:block;width:100%;font-size:13px;overflow:hidden}"
    "svg text{fill:var(--ink);unicode-bidi:isolate}svg .grid{fill:var(--rule)}"
    ".legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:12px 0 "
    "0;padding:0;font-size:.88rem}"
    ".legend li{display:flex;gap:7px;align-items:baseline}"
    ".legend i{flex:none;width:11px;height:11px;border-radius:3px}"
    ".legend b{font-weight:600;font-variant-numeric:tabular-nums}"
    /* end */
    ".notes{color:var(--soft);font-size:.88rem;margin:14px 0 0}"
    ".notes p{margin:2px 0}"
    ".sign{display:grid;grid-template-columns:1fr 1fr;gap:0 "
    "48px;margin-top:72px;color:var(--soft);font-size:.85rem}"
    ".sign p{border-top:1px solid var(--ink);padding-top:5px;margin:0 0 56px}"
    "footer{margin-top:28px;padding-top:10px;border-top:1px solid "
    "var(--rule);color:var(--soft);font-size:.8rem;"
    "display:flex;flex-wrap:wrap;gap:2px 20px}"
    "code{font:inherit;font-family:ui-monospace,\"DejaVu Sans Mono\",monospace;font-size:.75rem}"
    /* telephones */
    "@media screen and (max-width:859px){"
    ".sheet{padding:18px 16px 32px}h1{font-size:1.65rem}"
    ".facts{display:grid;grid-template-columns:1fr 1fr;gap:10px 16px}"
    ".figures{grid-template-columns:1fr 1fr;gap:10px}.figures dd{font-size:1.4rem}"
    ".letterhead img{max-width:110px}"
    ".lines,.lines tbody,.lines tfoot,.lines tr,.lines th,.lines td{display:block;border:0;padding:0}"
    ".lines thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    ".lines .line{display:grid;grid-template-columns:repeat(3,1fr);gap:2px 10px;background:var(--card);"
    "border:1px solid var(--rule);border-radius:10px;padding:10px 14px;margin:8px 0}"
    ".lines .subject,.lines .location,.lines .customer{grid-column:1/-1;width:auto;min-width:0}"
    ".lines .subject{order:2;font-weight:600}.lines .subject .small{font-weight:400}"
    ".lines .location{order:3;color:var(--soft);font-size:.85rem}.lines .customer{order:4;color:var(--soft)}"
    ".lines .time{order:0;grid-column:1/3;font-weight:600}.lines .date{order:0;grid-column:1/3}"
    ".lines .no{display:none}"
    ".lines .type{order:1;text-align:right}.lines .n{order:5;text-align:left;margin-top:6px}"
    ".lines .line>:last-child.n{text-align:right}"
    "td.n .chip{margin-left:0}.lines .line>:last-child.n .chip{margin-left:auto}"
    ".lines .n[data-label]::before{content:attr(data-label);display:block;font-size:.72rem;color:var(--soft);"
    "font-weight:400}"
    ".lines .day,.lines tfoot tr{display:flex;flex-wrap:wrap;gap:0 18px;align-items:flex-end;margin-top:22px;"
    "padding:8px 14px;background:var(--tint);border-radius:10px}"
    ".lines .day th,.lines tfoot th{flex:1 1 100%}.lines .day td,.lines tfoot td{margin:0;background:none}"
    ".lines .day .gap,.lines tfoot .gap{display:none}"
    ".totals,.totals thead,.totals tbody,.totals tfoot{display:block}"
    ".totals tr{display:grid;grid-template-columns:1fr repeat(3,4.5em);gap:0 4px;padding:6px 2px;"
    "border-bottom:1px solid var(--rule)}.totals thead tr{border-bottom:2px solid var(--accent)}"
    ".totals th,.totals td{border:0;padding:0;background:none}.totals tbody th{grid-column:1/-1}"
    ".totals tfoot tr:first-child{background:var(--tint);border-top:2px solid var(--accent)}"
    ".totals .count,.totals thead .customer{display:none}.totals thead th{padding:0}"
    ".sign{grid-template-columns:1fr;margin-top:56px}"
    "}"
    /* paper */
    "@page{margin:14mm}"
    "@media print{"
    "html{font-size:9pt}body{font-size:1rem;background:#fff}.sheet{max-width:none;padding:0}.sign{margin-top:"
    "44pt}.sign p{margin-bottom:36pt}"
    "th,td{padding:4px 6px}.figures{grid-template-columns:repeat(5,1fr);gap:8px}.figures dd{font-size:1.3rem}"
    ".figures div{padding:8px "
    "10px}h1{font-size:1.6rem;margin-top:14pt}h2{break-after:avoid;margin-top:18pt}tr,figure,.figures,.sign{"
    "break-inside:avoid}"
    ".day{break-after:avoid}thead{display:table-header-group}tfoot{display:table-row-group}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}"
    "}";

/* Of two colours: a of one part in 255, for each channel. */
static uint32_t mix(uint32_t colour, uint32_t other, uint32_t part)
{
    uint32_t mixed = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        uint32_t a = colour >> shift & 255, b = other >> shift & 255;
        mixed |= ((a * (255 - part) + b * part) / 255) << shift;
    }
    return mixed;
}

static void put_series(struct buf *css, uint32_t other, uint32_t part)
{
    for (unsigned i = 0; i <= WEEKS_CUSTOMERS_MAX; i++) {
        uint32_t colour = mix(week_colours[i], other, part);
        (void)!buf_printf(css, ".s%u{fill:#%06x;background:#%06x}", i, colour, colour);
    }
}

void html_style(const struct sheet_template *t, struct buf *css)
{
    (void)!buf_printf(css,
                      ":root{color-scheme:light dark;--accent:#%06x;--soft:#%06x;--ink:#1b2126;--page:#fff;"
                      "--card:#fff;--tint:#%06x;--rule:#%06x;--warn:#a33a00}",
                      t->accent, mix(t->grey, 0, 40), mix(t->accent, 0xffffff, 238),
                      mix(t->grey, 0xffffff, 195));
    put_series(css, 0, 0);
    (void)!buf_add_str(css, fixed);
    (void)!buf_printf(
        css,
        "@media screen and (prefers-color-scheme:dark){:root{--accent:#%06x;--soft:#%06x;--ink:#e8ebee;"
        "--page:#14181c;--card:#1b2126;--tint:#20272d;--rule:#343d45;--warn:#ffab7a}",
        mix(t->accent, 0xffffff, 140), mix(t->grey, 0xffffff, 120));
    put_series(css, 0xffffff, 50);
    (void)!buf_add_str(css, "}");
}
