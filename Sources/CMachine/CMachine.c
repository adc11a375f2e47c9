// What must be a symbol: a closure's words, and the count of heap allocations.
#include "CMachine.h"

#include <errno.h>
#include <stddef.h>

// Swift declares this with a closure, which it passes as two words, so that a closure that does not
// escape can be called by other threads without a copy on the heap.
void cm_keep_loop_body(void *function, void *context, cm_loop_body *kept) {
    kept->function = function;
    kept->context = context;
}

// The definitions of malloc and the like below stand before the C library's own, and call them.
static uint64_t allocations;
static __thread uint64_t own_allocations;

uint64_t cm_allocation_count(void) { return __atomic_load_n(&allocations, __ATOMIC_RELAXED); }

uint64_t cm_thread_allocation_count(void) { return own_allocations; }

#ifdef __GLIBC__
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static void count(void) {
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    own_allocations++;
}

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    count();
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    count();
    void *block = __libc_memalign(alignment, size);
    if (block == NULL) return ENOMEM;
    *result = block;
    return 0;
}
#endif
