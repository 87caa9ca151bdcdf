// A plan carried out by several threads: each call is divided among them, and none begins the next
// before all have finished it. Waiting is busy while a plan runs, as calls take microseconds; between
// plans threads sleep.
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

// How often to look before the processor is offered to others.
#define SPINS 4000

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
  // Arrivals at the end of calls, counted on; each call adds one for each thread.
  _Alignas(64) atomic_int_fast64_t arrived;
};

static void wait_for(atomic_int_fast64_t *counter, int64_t value) {
  for (int spins = 0; atomic_load_explicit(counter, memory_order_acquire) < value;) {
    if (++spins < SPINS) {
      PAUSE();
    } else {
      sched_yield();
      spins = 0;
    }
  }
}

static void carry_out(fk_pool *pool, int32_t number) {
  const int64_t threads = pool->threads;
  void *scratch = pool->scratch + number * pool->scratch_step;
  for (int64_t i = 0; i < pool->count; i++) {
    const fk_call *call = &pool->calls[i];
    const int64_t n = call->end - call->begin;
    if (call->is_serial) {
      if (number == 0) call->run(call->params, call->begin, call->end, scratch);
    } else {
      const int64_t from = call->begin + n * number / threads;
      const int64_t to = call->begin + n * (number + 1) / threads;
      if (to > from) call->run(call->params, from, to, scratch);
    }
    atomic_fetch_add_explicit(&pool->arrived, 1, memory_order_acq_rel);
    wait_for(&pool->arrived, (i + 1) * threads);
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
    carry_out(pool, self->number);
    atomic_fetch_add_explicit(&pool->arrived, 1, memory_order_acq_rel);
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
  pool->calls = calls;
  pool->count = count;
  pool->scratch = scratch;
  pool->scratch_step = scratch_step;
  atomic_store_explicit(&pool->arrived, 0, memory_order_release);
  pool->generation++;
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
  carry_out(pool, 0);
  // The others are out of the plan before the next may begin.
  wait_for(&pool->arrived, count * pool->threads + pool->threads - 1);
}
