#include "daemon/notify.h"

#include <stdio.h>
#include <systemd/sd-daemon.h>

#define STATUS_MAX 1024

#define US_PER_MS  1000

void notify_status(const char *line)
{
    char text[STATUS_MAX];
    snprintf(text, sizeof text, "%s", line);
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ') {
            *c = ' ';
        }
    }
    sd_notifyf(0, "STATUS=%s", text);
}

void notify_ready(void)
{
    sd_notify(0, "READY=1");
}

void notify_reloading(const struct clock *clock)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_ms(clock) * US_PER_MS);
}

void notify_starting_longer(int64_t at_most_ms, const char *why)
{
    sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%lld\nSTATUS=%s", (long long)at_most_ms * US_PER_MS, why);
}

void notify_stopping(int64_t at_most_ms)
{
    sd_notifyf(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld\nSTATUS=draining", (long long)at_most_ms * US_PER_MS);
}

int64_t notify_watchdog_period_ms(void)
{
    uint64_t period_us = 0;
    return sd_watchdog_enabled(0, &period_us) > 0 ? (int64_t)(period_us / US_PER_MS) : 0;
}

void notify_watchdog(void)
{
    sd_notify(0, "WATCHDOG=1");
}
