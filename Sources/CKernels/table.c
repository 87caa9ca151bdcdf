#include "table.h"

#include "requantize.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

// A later row for the same operator is preferred to an earlier one.
static const fk_kernel table[] = {
#define ROW(op, isa, kernel, mr, nr, kr) {op, isa, #kernel, mr, nr, kr, kernel}
    ROW(FK_OP_F32_CONV, FK_ISA_PORTABLE, fk_f32_conv_1x8__portable, 1, 8, 1),
    ROW(FK_OP_F32_CONV_NARROW, FK_ISA_PORTABLE, fk_f32_conv_1x8__portable, 1, 8, 1),
    ROW(FK_OP_F32_DEPTHWISE, FK_ISA_PORTABLE, fk_f32_depthwise_1x8__portable, 1, 8, 1),
    ROW(FK_OP_F32_CONV_DILATED, FK_ISA_PORTABLE, fk_f32_conv_1x8__portable, 1, 8, 1),
    ROW(FK_OP_F32_DEPTHWISE_3X3, FK_ISA_PORTABLE, fk_f32_depthwise_1x8__portable, 1, 8, 1),
    ROW(FK_OP_S8_CONV, FK_ISA_PORTABLE, fk_s8_conv_1x8__portable, 1, 8, 1),
    ROW(FK_OP_S8_CONV_DILATED, FK_ISA_PORTABLE, fk_s8_conv_1x8__portable, 1, 8, 1),
    ROW(FK_OP_S8_DEPTHWISE, FK_ISA_PORTABLE, fk_s8_depthwise_1x8__portable, 1, 8, 1),
    ROW(FK_OP_S8_DEPTHWISE_3X3, FK_ISA_PORTABLE, fk_s8_depthwise_1x8__portable, 1, 8, 1),
    ROW(FK_OP_F32_BINARY, FK_ISA_PORTABLE, fk_f32_binary_1__portable, 0, 0, 0),
    ROW(FK_OP_S8_ADD, FK_ISA_PORTABLE, fk_s8_add_1__portable, 0, 0, 0),
    ROW(FK_OP_F32_BINARY_SAME, FK_ISA_PORTABLE, fk_f32_binary_1__portable, 0, 0, 0),
    ROW(FK_OP_S8_ADD_SAME, FK_ISA_PORTABLE, fk_s8_add_1__portable, 0, 0, 0),
    ROW(FK_OP_S8_MUL, FK_ISA_PORTABLE, fk_s8_mul_1__portable, 0, 0, 0),
    ROW(FK_OP_F32_CLAMP, FK_ISA_PORTABLE, fk_f32_clamp_1__portable, 0, 0, 0),
    ROW(FK_OP_S8_LOOKUP, FK_ISA_PORTABLE, fk_s8_lookup_1__portable, 0, 0, 0),
    ROW(FK_OP_F32_TO_S8, FK_ISA_PORTABLE, fk_f32_to_s8_1__portable, 0, 0, 0),
    ROW(FK_OP_S8_TO_F32, FK_ISA_PORTABLE, fk_s8_to_f32_1__portable, 0, 0, 0),
    ROW(FK_OP_F32_MAX_POOL, FK_ISA_PORTABLE, fk_f32_max_pool_1__portable, 0, 0, 0),
    ROW(FK_OP_S8_MAX_POOL, FK_ISA_PORTABLE, fk_s8_max_pool_1__portable, 0, 0, 0),
    ROW(FK_OP_F32_SOFTMAX, FK_ISA_PORTABLE, fk_f32_softmax_1__portable, 0, 0, 0),
    ROW(FK_OP_S8_SOFTMAX, FK_ISA_PORTABLE, fk_s8_softmax_1__portable, 0, 0, 0),
    ROW(FK_OP_PAD, FK_ISA_PORTABLE, fk_any_pad_1__portable, 0, 0, 0),
    ROW(FK_OP_F32_AVERAGE_POOL, FK_ISA_PORTABLE, fk_f32_average_pool_1__portable, 0, 0, 0),
    ROW(FK_OP_S8_AVERAGE_POOL, FK_ISA_PORTABLE, fk_s8_average_pool_1__portable, 0, 0, 0),
    ROW(FK_OP_F32_LOGISTIC, FK_ISA_PORTABLE, fk_f32_logistic_1__portable, 0, 0, 0),
    ROW(FK_OP_F32_MEAN, FK_ISA_PORTABLE, fk_f32_mean_1__portable, 0, 0, 0),
    ROW(FK_OP_S8_MEAN, FK_ISA_PORTABLE, fk_s8_mean_1__portable, 0, 0, 0),
    ROW(FK_OP_RESIZE, FK_ISA_PORTABLE, fk_any_resize_1__portable, 0, 0, 0),
    ROW(FK_OP_MOVE, FK_ISA_PORTABLE, fk_any_move_1__portable, 0, 0, 0),
    ROW(FK_OP_DYNAMIC_QUANTIZE, FK_ISA_PORTABLE, fk_f32_dynamic_quantize_1__portable, 0, 0, 0),
    ROW(FK_OP_DETECTION, FK_ISA_PORTABLE, fk_any_detection_1__portable, 0, 0, 0),
#if defined(__x86_64__)
    ROW(FK_OP_F32_TO_S8, FK_ISA_AVX2, fk_f32_to_s8_8__avx2, 0, 0, 0),
    ROW(FK_OP_DYNAMIC_QUANTIZE, FK_ISA_AVX2, fk_f32_dynamic_quantize_8__avx2, 0, 0, 0),
    ROW(FK_OP_F32_BINARY_SAME, FK_ISA_AVX2, fk_f32_binary_same_8__avx2, 0, 0, 0),
    ROW(FK_OP_S8_ADD_SAME, FK_ISA_AVX2, fk_s8_add_same_16__avx2, 0, 0, 0),
    ROW(FK_OP_F32_CONV, FK_ISA_AVX2, fk_f32_conv_6x8__avx2, 6, 8, 1),
    ROW(FK_OP_F32_CONV_NARROW, FK_ISA_AVX2, fk_f32_conv_narrow_6x8__avx2, 6, 8, 2),
    ROW(FK_OP_F32_DEPTHWISE_3X3, FK_ISA_AVX2, fk_f32_depthwise_3x3_1x8__avx2, 1, 8, 1),
    ROW(FK_OP_F32_DEPTHWISE, FK_ISA_AVX2, fk_f32_depthwise_1x8__avx2, 1, 8, 1),
    ROW(FK_OP_S8_CONV, FK_ISA_AVX2, fk_s8_conv_6x16__avx2, 6, 16, 2),
    ROW(FK_OP_S8_DEPTHWISE, FK_ISA_AVX2, fk_s8_depthwise_1x16__avx2, 1, 16, 2),
    ROW(FK_OP_S8_DEPTHWISE_3X3, FK_ISA_AVX2, fk_s8_depthwise_3x3_1x16__avx2, 1, 16, 3),
    ROW(FK_OP_S8_CONV, FK_ISA_AVXVNNI, fk_s8_conv_6x16__avxvnni, 6, 16, 4),
    ROW(FK_OP_S8_DEPTHWISE_3X3, FK_ISA_AVXVNNI, fk_s8_depthwise_3x3_1x16__avxvnni, 1, 16, 4),
    ROW(FK_OP_S8_ADD_SAME, FK_ISA_AVX512, fk_s8_add_same_16__avx512, 0, 0, 0),
    ROW(FK_OP_F32_CONV, FK_ISA_AVX512, fk_f32_conv_8x16__avx512, 8, 16, 1),
    ROW(FK_OP_F32_DEPTHWISE_3X3, FK_ISA_AVX512, fk_f32_depthwise_3x3_1x16__avx512, 1, 16, 1),
    ROW(FK_OP_S8_CONV, FK_ISA_AVX512, fk_s8_conv_8x16__avx512, 8, 16, 4),
    ROW(FK_OP_S8_DEPTHWISE_3X3, FK_ISA_AVX512, fk_s8_depthwise_1x16__avx512, 1, 16, 4),
#endif
#if defined(__aarch64__)
    ROW(FK_OP_F32_CONV, FK_ISA_NEON, fk_f32_conv_8x4__neon, 8, 4, 1),
    ROW(FK_OP_F32_CONV_NARROW, FK_ISA_NEON, fk_f32_conv_8x4__neon, 8, 4, 1),
    ROW(FK_OP_F32_DEPTHWISE_3X3, FK_ISA_NEON, fk_f32_depthwise_3x3_1x4__neon, 1, 4, 1),
    ROW(FK_OP_S8_CONV, FK_ISA_NEON, fk_s8_conv_6x16__neon, 6, 16, 4),
    ROW(FK_OP_S8_DEPTHWISE_3X3, FK_ISA_NEON, fk_s8_depthwise_3x3_1x16__neon, 1, 16, 4),
    ROW(FK_OP_S8_CONV, FK_ISA_DOTPROD, fk_s8_conv_6x16__dotprod, 6, 16, 4),
    ROW(FK_OP_S8_DEPTHWISE_3X3, FK_ISA_DOTPROD, fk_s8_depthwise_3x3_1x16__dotprod, 1, 16, 4),
#endif
#undef ROW
};

size_t fk_kernel_count(void) { return sizeof table / sizeof table[0]; }

const fk_kernel *fk_kernel_at(size_t index) {
  return index < fk_kernel_count() ? &table[index] : NULL;
}

const fk_kernel *fk_kernel_for(fk_op op, fk_isa isa) {
  const fk_kernel *best = NULL;
  for (size_t i = 0; i < fk_kernel_count(); i++) {
    if (table[i].op == op && table[i].isa <= isa) best = &table[i];
  }
  return best;
}

#if defined(__x86_64__)
// AVX2 and FMA, and an operating system that keeps the upper halves of the registers.
static int probe_avx2(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  const unsigned fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28;
  if ((c & (fma | osxsave | avx)) != (fma | osxsave | avx)) return 0;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 6u) != 6u) return 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  return (b >> 5) & 1;
}

// The parts of AVX-512 that the kernels use, and an operating system that keeps their registers.
static int probe_avx512(void) {
  if (!probe_avx2()) return 0;
  unsigned a, b, c, d, low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 0xE6u) != 0xE6u) return 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  const unsigned f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31, vnni = 1u << 11;
  return (b & (f | dq | bw | vl)) == (f | dq | bw | vl) && (c & vnni) != 0;
}

static int probe_avxvnni(void) {
#if defined(FK_AVXVNNI_AS_AVX512)
  return probe_avx512();
#else
  unsigned a, b, c, d;
  if (!probe_avx2() || !__get_cpuid_count(7, 1, &a, &b, &c, &d)) return 0;
  return (a >> 4) & 1;
#endif
}
#endif

#if defined(__aarch64__)
static int probe_dotprod(void) {
#if defined(__APPLE__)
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &value, &size, NULL, 0) == 0 && value != 0;
#elif defined(__linux__)
  const unsigned long asimddp = 1ul << 20;
  return (getauxval(AT_HWCAP) & asimddp) != 0;
#else
  return 0;
#endif
}
#endif

int fk_isa_available(fk_isa isa) {
  switch (isa) {
    case FK_ISA_PORTABLE: return 1;
#if defined(__x86_64__)
    case FK_ISA_AVX2: return probe_avx2();
    case FK_ISA_AVXVNNI: return probe_avxvnni();
    case FK_ISA_AVX512: return probe_avx512();
#elif defined(__aarch64__)
    case FK_ISA_NEON: return 1;
    case FK_ISA_DOTPROD: return probe_dotprod();
#endif
    default: return 0;
  }
}

fk_isa fk_isa_best(void) {
  for (int isa = FK_ISA_AVX512; isa > FK_ISA_PORTABLE; isa--) {
    if (fk_isa_available((fk_isa)isa)) return (fk_isa)isa;
  }
  return FK_ISA_PORTABLE;
}

const char *fk_isa_name(fk_isa isa) {
  switch (isa) {
    case FK_ISA_PORTABLE: return "portable";
    case FK_ISA_NEON: return "neon";
    case FK_ISA_DOTPROD: return "dotprod";
    case FK_ISA_AVX2: return "avx2";
    case FK_ISA_AVXVNNI: return "avxvnni";
    case FK_ISA_AVX512: return "avx512";
  }
  return "unknown";
}

int32_t fk_input_offset(const fk_kernel *kernel) {
  return kernel->kr == 4 && kernel->isa >= FK_ISA_AVX2 ? 128 : 0;
}

int32_t fk_multiply_quantized(int32_t value, int32_t multiplier, int32_t shift) {
  return fk_scale(value, multiplier, shift);
}
