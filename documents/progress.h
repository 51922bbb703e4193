/* progress - says how far a writer is, now and then. */
#ifndef DOCUMENTS_PROGRESS_H
#define DOCUMENTS_PROGRESS_H

#include "documents/document.h"

#define PROGRESS_EVERY 1000 /* lines */

static inline void progress_tell(const struct document_input *in, size_t n_done)
{
    if (in->progress && (n_done % PROGRESS_EVERY == 0 || n_done == in->sheet->n_lines)) {
        in->progress(in->progress_arg, (int64_t)n_done, (int64_t)in->sheet->n_lines);
    }
}

#endif
