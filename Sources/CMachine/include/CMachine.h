// What Swift cannot say about the machine: CPU features, the spin hint, futex, the affinity mask.
#pragma once
#include <linux/futex.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

static inline bool cm_supports_v3(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi2");
#else
    return true;
#endif
}

static inline bool cm_supports_v4(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return cm_supports_v3() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

static inline void cm_spin_hint(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

static inline void cm_futex_wait(const uint32_t *word, uint32_t expected) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, (void *)0, (void *)0, 0);
}

static inline void cm_futex_wake(const uint32_t *word, int count) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, (void *)0, (void *)0, 0);
}

/// Processors that this process may run on, at least 1.
static inline int cm_affinity_count(void) {
    unsigned long mask[128] = {0};
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int count = 0;
    for (long i = 0; i < bytes / (long)sizeof mask[0]; i++) count += __builtin_popcountl(mask[i]);
    return count > 0 ? count : 1;
}

static inline void cm_yield(void) { sched_yield(); }

/// The two words of a Swift closure `(Int) -> Void`: its code and what it captured.
typedef struct {
    void *function;
    void *context;
} cm_loop_body;

/// Calls a closure that is still alive.
static inline void cm_call_loop_body(cm_loop_body body, intptr_t index) {
    typedef __attribute__((swiftcall)) void (*code)(intptr_t, __attribute__((swift_context)) void *);
    ((code)body.function)(index, body.context);
}

/// Heap allocations of this process so far; 0 where the C library cannot be counted.
uint64_t cm_allocation_count(void);

/// The same number, of which the compiler knows nothing: multiples of a stride are then formed where
/// they are used, instead of being kept, more of them than there are registers.
static inline intptr_t cm_opaque(intptr_t value) {
    __asm__("" : "+r"(value));
    return value;
}

/// Asks for the cache line of an address, which may be any.
static inline void cm_prefetch(const void *address) { __builtin_prefetch(address, 0, 2); }

/// Asks for the cache line of an address that will be written.
static inline void cm_prefetch_for_writing(const void *address) {
    __builtin_prefetch(address, 1, 2);
}

/// Lets the system back the whole pages of a block by large ones, where it can.
static inline void cm_prefer_large_pages(void *block, size_t bytes) {
#ifdef MADV_HUGEPAGE
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)block + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)block + bytes) / page * page;
    if (start < end) madvise((void *)start, end - start, MADV_HUGEPAGE);
#endif
}

/// Heap allocations of the calling thread; 0 where the C library cannot be counted.
uint64_t cm_thread_allocation_count(void);

/// Eight floats, `SIMD8<Float>` in Swift.
typedef float cm_eight __attribute__((ext_vector_type(8)));

/// Sixteen floats, `SIMD16<Float>` in Swift.
typedef float cm_sixteen __attribute__((ext_vector_type(16)));

#if defined(__AVX2__)
/// The mask of the first `count` of eight lanes, `count` from 0 to 8.
static inline __m256i cm_first_of_eight(intptr_t count) {
    static const int32_t lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(lanes + 8 - count));
}
#endif

/// Reads the first `count` lanes from memory, the others are 0.
static inline cm_eight cm_load_eight(const float *source, intptr_t count) {
#if defined(__AVX2__)
    return (cm_eight)_mm256_maskload_ps(source, cm_first_of_eight(count));
#else
    cm_eight value = 0;
    for (intptr_t i = 0; i < count; i++) value[i] = source[i];
    return value;
#endif
}

/// Writes the first `count` lanes to memory.
static inline void cm_store_eight(cm_eight value, float *destination, intptr_t count) {
#if defined(__AVX2__)
    _mm256_maskstore_ps(destination, cm_first_of_eight(count), (__m256)value);
#else
    for (intptr_t i = 0; i < count; i++) destination[i] = value[i];
#endif
}

/// Reads the first `count` lanes from memory, the others are 0.
static inline cm_sixteen cm_load_sixteen(const float *source, intptr_t count) {
#if defined(__AVX512F__)
    return (cm_sixteen)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), source);
#else
    cm_sixteen value = 0;
    for (intptr_t i = 0; i < count; i++) value[i] = source[i];
    return value;
#endif
}

/// Writes the first `count` lanes to memory.
static inline void cm_store_sixteen(cm_sixteen value, float *destination, intptr_t count) {
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(destination, (__mmask16)((1u << count) - 1), (__m512)value);
#else
    for (intptr_t i = 0; i < count; i++) destination[i] = value[i];
#endif
}
