// Memory that lies twice in a row, so that what goes over its end goes on at its beginning.
#define _GNU_SOURCE
#include "ckernels.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>

void *fk_ring_create(size_t size) {
  const int file = memfd_create("fishcam", MFD_CLOEXEC);
  if (file < 0) return NULL;
  uint8_t *memory = MAP_FAILED;
  if (ftruncate(file, (off_t)size) == 0) {
    memory = mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  if (memory != MAP_FAILED) {
    for (int i = 0; i < 2; i++) {
      const void *half = mmap(
          memory + i * size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
      if (half != MAP_FAILED) continue;
      munmap(memory, 2 * size);
      memory = MAP_FAILED;
      break;
    }
  }
  close(file);
  return memory == MAP_FAILED ? NULL : memory;
}

void fk_ring_destroy(void *ring, size_t size) { munmap(ring, 2 * size); }

size_t fk_ring_granularity(void) { return (size_t)sysconf(_SC_PAGESIZE); }

#else

void *fk_ring_create(size_t size) {
  (void)size;
  return NULL;
}

void fk_ring_destroy(void *ring, size_t size) {
  (void)ring;
  (void)size;
}

size_t fk_ring_granularity(void) { return 4096; }

#endif
