#include "model/sheet_draft.h"

#include <stdlib.h>

void sheet_draft_destroy(struct sheet_draft *draft)
{
    if (!draft) {
        return;
    }
    if (draft->free_storage) {
        draft->free_storage(draft->storage);
    }
    free(draft);
}
