// Memory for QuickJS. What is freed while a program is built is cleared, since a module is written down with
// all of its memory but zeros.

#include "values.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void *clear_allocate(void *unused, size_t count, size_t size) { return calloc(count, size); }

static void *allocate(void *unused, size_t size) { return malloc(size); }

static void release(void *unused, void *memory) {
    if (memory && phase == BUILDING) {
        memset(memory, 0, malloc_usable_size(memory));
        // Who frees memory can't see it any more, so the compiler takes it that nobody can.
        __asm__ volatile("" ::: "memory");
    }
    free(memory);
}

static void *reallocate(void *unused, void *old, size_t size) {
    if (!old || phase != BUILDING) return realloc(old, size);
    void *memory = malloc(size);
    if (!memory) return NULL;
    size_t old_size = malloc_usable_size(old);
    memcpy(memory, old, old_size < size ? old_size : size);
    release(unused, old);
    return memory;
}

static size_t size_of(const void *memory) { return malloc_usable_size((void *)memory); }

const JSMallocFunctions memory_functions = {
    clear_allocate, allocate, release, reallocate, size_of,
};
