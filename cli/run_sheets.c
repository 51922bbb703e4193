#include "cli/run_sheets.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/sheet_text.h"
#include "storage/sheet_store.h"

struct run_sheet {
    int64_t run_id;
    char name[SHEET_TEXT_LEN];
};

static void take(void *arg, const struct sheet_row *row)
{
    struct run_sheets *sheets = arg;
    if (row->run_id <= 0) {
        return; /* by the command line */
    }
    sheets->list = mem_realloc(sheets->list, sheets->n + 1, sizeof *sheets->list);
    struct run_sheet *sheet = &sheets->list[sheets->n++];
    sheet->run_id = row->run_id;
    sheet_text_name(row->number, row->revision, sheet->name);
}

int run_sheets_load(struct db *db, int64_t user_id, struct run_sheets *ret_sheets, struct err *e)
{
    *ret_sheets = (struct run_sheets){0};
    return sheet_store_list(db, user_id, take, ret_sheets, e);
}

void run_sheets_finish(struct run_sheets *sheets)
{
    free(sheets->list);
    *sheets = (struct run_sheets){0};
}

const char *run_sheets_of(const struct run_sheets *sheets, int64_t run_id)
{
    for (size_t i = 0; i < sheets->n; i++) {
        if (sheets->list[i].run_id == run_id) {
            return sheets->list[i].name;
        }
    }
    return NULL;
}
