#include "graph/limits.h"

const struct graph_limits graph_limits_default = {
    .connect_ms = 15000,
    .request_ms = 120000,
    .stall_s = 60,
    .page_bytes = 32u << 20,
    .small_bytes = 1u << 20,
    .attempts = 6,
    .total_ms = 600000,
    .backoff_base_ms = 1000,
    .backoff_cap_ms = 60000,
    .retry_after_min_ms = 1000,
    .retry_after_max_ms = 600000,
    .per_mailbox = 4,
    .max_requests = 64,
    .page_size = 1000,
    .max_pages = 20000,
    .max_list_pages = 50,
    .max_window_days = 1825,
    .device_second_ms = 1000,
};
