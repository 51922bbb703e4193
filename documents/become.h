/* become - the user whose files these are: as root, documents are made by the owner of the directory that
 * they are written to, so that the service can write there afterwards and a fault in laying out a stranger's
 * text is no fault of root's. Before anything else is done, in a process with one thread. */
#ifndef DOCUMENTS_BECOME_H
#define DOCUMENTS_BECOME_H

#include "base/attr.h"
#include "base/err.h"

/* The owner, its group and its groups; of the nearest directory above where `path` does not exist yet.
 * Nothing happens where the process is not root's, or the directory is.  ERR_DENIED. */
MUST_CHECK int become_owner_of(const char *path, struct err *e);

#endif
