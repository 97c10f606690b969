/* A pool of large buffers that were freed a moment ago: a result as large as one before it meets no page faults, which
 * otherwise cost more than the computation. What stays unused for IDLE_SECONDS goes back to the system, for which a
 * thread looks after the pool while there is something in it.
 */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fastact.h"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#define HAS_POOL 1
#endif

/* What precedes the memory that the caller sees, and keeps its alignment. */
typedef struct {
    size_t size;    /* of what the caller sees */
    size_t mapping; /* bytes mapped, with this; 0: it comes from malloc */
    char padding[128 - 2 * sizeof(size_t)];
} header;

static header *header_of(void *memory) { return (header *)memory - 1; }

static void *from_malloc(size_t size) {
    header *made = size <= SIZE_MAX - sizeof(header) ? malloc(sizeof(header) + size) : NULL;
    if (!made) return NULL;
    *made = (header){size, 0, {0}};
    return made + 1;
}

#if HAS_POOL

enum {
    SLOTS = 16,
    IDLE_SECONDS = 1,
    PAGE = 1 << 21,    /* a huge page: mappings are whole ones */
    SPARE = 4          /* a buffer may be larger than what is asked for by one part in so many */
};

typedef struct {
    header *buffer; /* NULL: the slot is free */
    time_t since;
} slot;

static slot slots[SLOTS];
static size_t kept;                               /* bytes in the slots */
static _Atomic size_t limit = (size_t)256 << 20; /* bytes that are kept at most */
static atomic_flag busy = ATOMIC_FLAG_INIT;      /* a try-lock; a thread that does not get it bypasses the pool */
static atomic_int minder;                        /* whether the thread runs */

static int enter(void) { return !atomic_flag_test_and_set_explicit(&busy, memory_order_acquire); }
static void leave(void) { atomic_flag_clear_explicit(&busy, memory_order_release); }

static time_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static void unmap(header *buffer) { munmap(buffer, buffer->mapping); }

/* Empties a slot; the caller holds the pool. */
static header *taken(slot *from) {
    header *buffer = from->buffer;
    kept -= buffer->mapping;
    from->buffer = NULL;
    return buffer;
}

/* Empties the slots that are unused since the given second or longer, all if it is in the future. */
static void release(time_t second) {
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].buffer && slots[i].since <= second) unmap(taken(&slots[i]));
}

static void release_all(void) {
    if (!enter()) return;
    release(now());
    leave();
}

/* Whole huge pages, of which the first begins with the header. */
static header *map(size_t mapping) {
    char *begin = mmap(NULL, mapping + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (begin == MAP_FAILED) return NULL;
    const size_t before = (PAGE - (uintptr_t)begin % PAGE) % PAGE;
    if (before) munmap(begin, before);
    munmap(begin + before + mapping, PAGE - before);
#ifdef MADV_HUGEPAGE
    madvise(begin + before, mapping, MADV_HUGEPAGE);
#endif
    return (header *)(begin + before);
}

static header *find(size_t mapping) {
    slot *best = NULL;
    if (!enter()) return NULL;
    for (int i = 0; i < SLOTS; i++) {
        const header *buffer = slots[i].buffer;
        if (buffer && buffer->mapping >= mapping && buffer->mapping - mapping <= mapping / SPARE &&
            (!best || buffer->mapping < best->buffer->mapping))
            best = &slots[i];
    }
    header *buffer = best ? taken(best) : NULL;
    leave();
    return buffer;
}

/* Releases what is unused, until there is nothing left. */
static void *mind(void *unused) {
    for (int left = 1; left;) {
        nanosleep(&(struct timespec){IDLE_SECONDS, 0}, NULL);
        if (!enter()) continue;
        release(now() - IDLE_SECONDS);
        left = kept > 0;
        if (!left) atomic_store(&minder, 0);
        leave();
    }
    return unused;
}

/* In a forked child, which has no thread but its own: nothing would release what its parent kept. A thread of the parent
 * may have held the pool, whose sum is then not that of the slots. */
static void begin_child(void) {
    atomic_store(&minder, 0);
    release(now());
    kept = 0;
    leave();
}
static void register_fork_handler(void) { pthread_atfork(NULL, NULL, begin_child); }

/* Whether what is kept will be released. The caller holds the pool. */
static int minded(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_fork_handler);
    if (atomic_exchange(&minder, 1)) return 1;
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the program's signals are for its own threads */
    const int runs = pthread_create(&thread, NULL, mind, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (runs)
        pthread_detach(thread);
    else
        atomic_store(&minder, 0);
    return runs;
}

/* A free slot for a mapping of at most `most` bytes; the longest unused ones make room for it. The caller holds the
 * pool. */
static slot *make_room(size_t mapping, size_t most) {
    for (;;) {
        slot *room = NULL, *oldest = NULL;
        for (int i = 0; i < SLOTS; i++) {
            if (!slots[i].buffer)
                room = &slots[i];
            else if (!oldest || slots[i].since < oldest->since)
                oldest = &slots[i];
        }
        if (room && kept + mapping <= most) return room;
        unmap(taken(oldest));
    }
}

/* Whether the pool takes a buffer. The limit is read once, since it may change meanwhile. */
static int keep(header *buffer) {
    if (!enter()) return 0;
    const size_t most = atomic_load(&limit);
    const int stays = buffer->mapping <= most && minded();
    if (stays) {
        *make_room(buffer->mapping, most) = (slot){buffer, now()};
        kept += buffer->mapping;
    }
    leave();
    return stays;
}

void *fa_pool_allocate(size_t size) {
    if (size < FA_POOLED || size > SIZE_MAX / 2) return from_malloc(size);
    const size_t mapping = (size + sizeof(header) + PAGE - 1) / PAGE * PAGE;
    header *buffer = find(mapping);
    if (!buffer) {
        buffer = map(mapping);
        if (!buffer) { /* perhaps for want of what is kept */
            release_all();
            buffer = map(mapping);
        }
        if (!buffer) return NULL;
        buffer->mapping = mapping;
    }
    buffer->size = size;
    return buffer + 1;
}

void fa_pool_free(void *memory) {
    if (!memory) return;
    header *buffer = header_of(memory);
    if (!buffer->mapping)
        free(buffer);
    else if (!keep(buffer))
        unmap(buffer);
}

size_t fa_get_pool_limit(void) { return atomic_load(&limit); }

void fa_set_pool_limit(size_t bytes) {
    atomic_store(&limit, bytes);
    release_all();
}

#else

void *fa_pool_allocate(size_t size) { return from_malloc(size); }
void fa_pool_free(void *memory) {
    if (memory) free(header_of(memory));
}
size_t fa_get_pool_limit(void) { return 0; }
void fa_set_pool_limit(size_t bytes) { (void)bytes; }

#endif

size_t fa_pool_size_of(void *memory) { return header_of(memory)->size; }
