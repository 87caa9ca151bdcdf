// A plan carried out by several threads. Each call is cut into a few pieces. A thread takes its own first,
// whose rows it is likely to have computed before, and then what others have left: one that the system
// has stopped holds up no more than the piece that it has begun. Waiting is
// busy while a plan runs, as calls take microseconds; between plans threads sleep.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "ckernels.h"

#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#else
#define PAUSE()
#endif

// How often to look before the processor is offered to others, or a thread goes to sleep.
#define SPINS 2000
#define PIECES_FOR_EACH_THREAD 2
// As many as there are bits for them.
#define MOST_PIECES 32

typedef struct worker {
  fk_pool *pool;
  pthread_t thread;
  int32_t number;
} worker;

struct fk_pool {
  int32_t threads;
  worker *workers;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  int64_t generation;  // of plans, guarded by the mutex
  int is_over;         // guarded by the mutex
  const fk_call *calls;
  int64_t count, scratch_step;
  uint8_t *scratch;
  // Number of the current call in the upper half, a bit for each piece that is taken in the lower half.
  _Alignas(64) atomic_uint_fast64_t next;
  // Pieces of the current call that are done.
  _Alignas(64) atomic_int_fast64_t done;
};

static int64_t pieces_of(const fk_pool *pool, const fk_call *call) {
  const int64_t n = call->end - call->begin;
  int64_t pieces = (int64_t)pool->threads * PIECES_FOR_EACH_THREAD;
  pieces = pieces < MOST_PIECES ? pieces : MOST_PIECES;
  return n < pieces ? n : pieces;
}

// Takes a piece of the current call and runs it; 0 where there is none.
static int take(fk_pool *pool, int32_t number) {
  uint_fast64_t next = atomic_load_explicit(&pool->next, memory_order_acquire);
  for (;;) {
    const int64_t index = (int64_t)(next >> 32);
    if (index >= pool->count) return 0;
    const fk_call *call = &pool->calls[index];
    const int64_t pieces = pieces_of(pool, call), n = call->end - call->begin;
    // From the thread's own first piece on, and then from the front.
    const uint64_t all = (1ull << pieces) - 1;
    const int64_t own = pieces * number / pool->threads;
    const uint64_t left = ~next & all, after = left >> own << own;
    if (left == 0) return 0;
    const int64_t piece = __builtin_ctzll(after ? after : left);
    if (!atomic_compare_exchange_weak_explicit(
            &pool->next, &next, next | 1ull << piece, memory_order_acq_rel,
            memory_order_acquire)) {
      continue;
    }
    call->run(
        call->params, call->begin + n * piece / pieces, call->begin + n * (piece + 1) / pieces,
        pool->scratch + number * pool->scratch_step);
    atomic_fetch_add_explicit(&pool->done, 1, memory_order_release);
    return 1;
  }
}

static void pause_or_yield(int *spins) {
  if (++*spins < SPINS) {
    PAUSE();
  } else {
    sched_yield();
    *spins = 0;
  }
}

static void *work(void *argument) {
  worker *self = argument;
  fk_pool *pool = self->pool;
  int64_t seen = 0;
  for (;;) {
    pthread_mutex_lock(&pool->mutex);
    while (pool->generation == seen && !pool->is_over) {
      pthread_cond_wait(&pool->wake, &pool->mutex);
    }
    seen = pool->generation;
    const int is_over = pool->is_over;
    pthread_mutex_unlock(&pool->mutex);
    if (is_over) return NULL;
    // The next plan may follow at once.
    for (int spins = 0, idle = 0; idle < SPINS;) {
      if (take(pool, self->number)) {
        idle = 0;
      } else if ((int64_t)(atomic_load_explicit(&pool->next, memory_order_acquire) >> 32) <
                 pool->count) {
        pause_or_yield(&spins);
      } else {
        idle++;
        PAUSE();
      }
    }
  }
}

fk_pool *fk_pool_create(int32_t threads) {
  if (threads < 2) return NULL;
  fk_pool *pool = aligned_alloc(64, (sizeof(fk_pool) + 63) / 64 * 64);
  worker *workers = calloc((size_t)threads - 1, sizeof(worker));
  if (!pool || !workers) {
    free(pool);
    free(workers);
    return NULL;
  }
  *pool = (fk_pool){.threads = 1, .workers = workers};
  atomic_init(&pool->next, 0);
  atomic_init(&pool->done, 0);
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->wake, NULL);
  for (int32_t i = 0; i < threads - 1; i++) {
    workers[i].pool = pool;
    workers[i].number = i + 1;
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) break;
    pool->threads++;
  }
  return pool;
}

void fk_pool_destroy(fk_pool *pool) {
  if (!pool) return;
  pthread_mutex_lock(&pool->mutex);
  pool->is_over = 1;
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
  for (int32_t i = 0; i < pool->threads - 1; i++) pthread_join(pool->workers[i].thread, NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->workers);
  free(pool);
}

void fk_execute(
    fk_pool *pool, const fk_call *calls, int64_t count, void *scratch, int64_t scratch_step) {
  if (!pool || pool->threads < 2) {
    for (int64_t i = 0; i < count; i++) {
      calls[i].run(calls[i].params, calls[i].begin, calls[i].end, scratch);
    }
    return;
  }
  pthread_mutex_lock(&pool->mutex);
  if (pool->calls != calls) {
    pool->calls = calls;
    pool->count = count;
    pool->scratch = scratch;
    pool->scratch_step = scratch_step;
  }
  atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
  atomic_store_explicit(&pool->next, 0, memory_order_release);
  pool->generation++;
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
  for (int64_t i = 0; i < count; i++) {
    while (take(pool, 0)) continue;
    const int64_t pieces = pieces_of(pool, &calls[i]);
    for (int spins = 0; atomic_load_explicit(&pool->done, memory_order_acquire) < pieces;) {
      pause_or_yield(&spins);
    }
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->next, (uint_fast64_t)(i + 1) << 32, memory_order_release);
  }
}
