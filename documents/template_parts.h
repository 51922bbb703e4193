/* template_parts - what the PDF writer needs of a template beyond its values.  Inside documents/ only. */
#ifndef DOCUMENTS_TEMPLATE_PARTS_H
#define DOCUMENTS_TEMPLATE_PARTS_H

#include <cairo.h>

#include "base/buf.h"

/* A picture that template_load has read already; NULL where it is damaged.  cairo_surface_destroy it. */
cairo_surface_t *template_logo_surface(const struct buf *png);

#endif
