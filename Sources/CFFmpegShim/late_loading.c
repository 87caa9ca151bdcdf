// FFmpeg's libraries are loaded when the first of their functions is called: with what they need in turn
// they are more than a hundred, which costs every start of the program, also for `--help`, 20 ms or more.
//
// Each function that Fishcam calls has an entry here under its own name that jumps to where a pointer
// says: first to code that loads the libraries, sets all pointers, and goes on as if nothing had happened.
// A function that is not listed fails to link. Elsewhere than on Linux the libraries are linked as usual.

#include "ffmpeg_shim.h"

#ifdef __linux__

#include <dlfcn.h>
#include <libavcodec/version.h>
#include <libavformat/version.h>
#include <libavutil/macros.h>
#include <libavutil/version.h>
#include <libswscale/version.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define UTIL "libavutil.so." AV_STRINGIFY(LIBAVUTIL_VERSION_MAJOR)
#define CODEC "libavcodec.so." AV_STRINGIFY(LIBAVCODEC_VERSION_MAJOR)
#define FORMAT "libavformat.so." AV_STRINGIFY(LIBAVFORMAT_VERSION_MAJOR)
#define SCALE "libswscale.so." AV_STRINGIFY(LIBSWSCALE_VERSION_MAJOR)

// X(function, library)
#define FUNCTIONS(X)                                                                              \
  X(av_dict_get, UTIL)                                                                            \
  X(av_frame_alloc, UTIL)                                                                         \
  X(av_frame_apply_cropping, UTIL)                                                                \
  X(av_frame_clone, UTIL)                                                                         \
  X(av_frame_free, UTIL)                                                                          \
  X(av_frame_get_buffer, UTIL)                                                                    \
  X(av_frame_move_ref, UTIL)                                                                      \
  X(av_get_pix_fmt_name, UTIL)                                                                    \
  X(av_pix_fmt_desc_get, UTIL)                                                                    \
  X(av_log_format_line2, UTIL)                                                                    \
  X(av_log_set_callback, UTIL)                                                                    \
  X(av_opt_set, UTIL)                                                                             \
  X(av_strerror, UTIL)                                                                            \
  X(av_new_packet, CODEC)                                                                         \
  X(av_packet_alloc, CODEC)                                                                       \
  X(av_packet_free, CODEC)                                                                        \
  X(av_packet_move_ref, CODEC)                                                                    \
  X(av_packet_unref, CODEC)                                                                       \
  X(avcodec_alloc_context3, CODEC)                                                                \
  X(avcodec_default_get_buffer2, CODEC)                                                           \
  X(avcodec_find_decoder, CODEC)                                                                  \
  X(avcodec_find_encoder, CODEC)                                                                  \
  X(avcodec_flush_buffers, CODEC)                                                                 \
  X(avcodec_free_context, CODEC)                                                                  \
  X(avcodec_get_class, CODEC)                                                                     \
  X(avcodec_get_name, CODEC)                                                                      \
  X(avcodec_open2, CODEC)                                                                         \
  X(avcodec_parameters_to_context, CODEC)                                                         \
  X(avcodec_receive_frame, CODEC)                                                                 \
  X(avcodec_receive_packet, CODEC)                                                                \
  X(avcodec_send_frame, CODEC)                                                                    \
  X(avcodec_send_packet, CODEC)                                                                   \
  X(av_find_best_stream, FORMAT)                                                                  \
  X(av_guess_sample_aspect_ratio, FORMAT)                                                         \
  X(av_read_frame, FORMAT)                                                                        \
  X(av_seek_frame, FORMAT)                                                                        \
  X(av_stream_get_side_data, FORMAT)                                                              \
  X(avformat_close_input, FORMAT)                                                                 \
  X(avformat_find_stream_info, FORMAT)                                                            \
  X(avformat_open_input, FORMAT)                                                                  \
  X(sws_freeContext, SCALE)                                                                       \
  X(sws_getCoefficients, SCALE)                                                                   \
  X(sws_getContext, SCALE)                                                                        \
  X(sws_scale, SCALE)                                                                             \
  X(sws_setColorspaceDetails, SCALE)

// Where each entry jumps to: to its loading code at first, to FFmpeg's function later.
#define X(function, library)                                                                      \
  extern char first_##function __attribute__((visibility("hidden")));                             \
  __attribute__((visibility("hidden"))) void *to_##function = &first_##function;
FUNCTIONS(X)
#undef X

static const struct {
  const char *name, *library;
  void **place;
} functions[] = {
#define X(function, library) {#function, library, &to_##function},
    FUNCTIONS(X)
#undef X
};

static void load_all(void) {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) {
    void *library = dlopen(functions[i].library, RTLD_NOW | RTLD_LOCAL);
    void *function = library ? dlsym(library, functions[i].name) : NULL;
    if (!function) {
      fprintf(stderr, "fishcam: FFmpeg cannot be used: %s\n", dlerror());
      exit(2);
    }
    __atomic_store_n(functions[i].place, function, __ATOMIC_RELEASE);
  }
}

__attribute__((visibility("hidden"), used)) void ffs_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load_all);
}

static void *load_on_thread(void *unused) {
  ffs_load();
  return unused;
}

static atomic_int is_early;

void ffs_load_early(void) {
  pthread_t thread;
  is_early = 1;
  if (pthread_create(&thread, NULL, load_on_thread, NULL) == 0) pthread_detach(thread);
}

void ffs_await_loading(void) {
  if (is_early) ffs_load();
}

#define ENTRY(function) \
  ".text\n.globl " #function "\n.hidden " #function "\n.type " #function ", %function\n" #function ":\n"
#define FIRST(function) ".globl first_" #function "\n.hidden first_" #function "\nfirst_" #function ":\n"

// Arguments in registers are kept while libraries load. On x86-64 al says how many vector registers a
// variadic call uses; none of the functions takes vectors.
#ifdef __x86_64__

__asm__(".text\n.type ffs_load_and_go, %function\nffs_load_and_go:\n"
        "  push %rdi\n  push %rsi\n  push %rdx\n  push %rcx\n  push %r8\n  push %r9\n  push %rax\n"
        "  push %r11\n  sub $8, %rsp\n"
        "  call ffs_load\n"
        "  add $8, %rsp\n  pop %r11\n"
        "  pop %rax\n  pop %r9\n  pop %r8\n  pop %rcx\n  pop %rdx\n  pop %rsi\n  pop %rdi\n"
        "  jmp *(%r11)\n");
#define X(function, library)                                                                      \
  __asm__(ENTRY(function) "  jmp *to_" #function "(%rip)\n"                                       \
          FIRST(function) "  lea to_" #function "(%rip), %r11\n  jmp ffs_load_and_go\n");
FUNCTIONS(X)
#undef X

#elif defined(__aarch64__)

__asm__(".text\n.type ffs_load_and_go, %function\nffs_load_and_go:\n"
        "  stp x29, x30, [sp, #-96]!\n  mov x29, sp\n"
        "  stp x0, x1, [sp, #16]\n  stp x2, x3, [sp, #32]\n  stp x4, x5, [sp, #48]\n"
        "  stp x6, x7, [sp, #64]\n  stp x8, x16, [sp, #80]\n"
        "  bl ffs_load\n"
        "  ldp x0, x1, [sp, #16]\n  ldp x2, x3, [sp, #32]\n  ldp x4, x5, [sp, #48]\n"
        "  ldp x6, x7, [sp, #64]\n  ldp x8, x16, [sp, #80]\n  ldp x29, x30, [sp], #96\n"
        "  ldr x16, [x16]\n  br x16\n");
#define X(function, library)                                                                      \
  __asm__(ENTRY(function) "  adrp x16, to_" #function "\n  ldr x16, [x16, :lo12:to_" #function     \
          "]\n  br x16\n"                                                                         \
          FIRST(function) "  adrp x16, to_" #function "\n  add x16, x16, :lo12:to_" #function      \
          "\n  b ffs_load_and_go\n");
FUNCTIONS(X)
#undef X

#else
#error "Entries are written for x86-64 and arm64"
#endif

#else

void ffs_load_early(void) {}
void ffs_await_loading(void) {}

#endif
