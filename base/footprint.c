#include "base/footprint.h"

#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/attr.h"

/* An object whose text was relocated has dirty pages where one expects none. */
static bool has_text_relocations(const struct dl_phdr_info *object)
{
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        if (header->p_type != PT_DYNAMIC) {
            continue;
        }
        for (const ElfW(Dyn) *d = (const void *)(object->dlpi_addr + header->p_vaddr); d->d_tag != DT_NULL;
             d++) {
            if (d->d_tag == DT_TEXTREL || (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_TEXTREL))) {
                return true;
            }
        }
    }
    return false;
}

/* Whole pages of segments that are mapped from the file and can not be written.  (Data that is made read-only
 * after relocation belongs to a writable segment.)  The program itself has an empty name, and the kernel's
 * own object one that is no path. */
static int drop_segments(struct dl_phdr_info *object, size_t size UNUSED, void *arg)
{
    uintptr_t page = *(const uintptr_t *)arg;
    bool is_file = object->dlpi_name && (object->dlpi_name[0] == '/' || object->dlpi_name[0] == '\0');
    if (!is_file || has_text_relocations(object)) {
        return 0;
    }
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        if (header->p_type != PT_LOAD || (header->p_flags & PF_W)) {
            continue;
        }
        uintptr_t from = (object->dlpi_addr + header->p_vaddr) & ~(page - 1);
        uintptr_t to = (object->dlpi_addr + header->p_vaddr + header->p_memsz + page - 1) & ~(page - 1);
        (void)madvise((void *)from, to - from, MADV_DONTNEED);
    }
    return 0;
}

void footprint_trim(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(drop_segments, &page);
}
