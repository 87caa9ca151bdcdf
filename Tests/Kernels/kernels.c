// Compares the table's kernels with their portable siblings on random shapes: bytes must be equal, floats
// within 1e-5 of the largest. Needs nothing but CKernels, so that it runs under an emulator.
// Scripts/check-kernels builds and runs it.
// usage: kernels [cases for each kernel] [seed]
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckernels.h"

// MARK: random numbers

static uint64_t state;

static uint32_t next(void) {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return (uint32_t)(state >> 32);
}

static int32_t between(int32_t low, int32_t high) {
  return low + (int32_t)(next() % (uint32_t)(high - low + 1));
}

static int one_in(int32_t n) { return between(1, n) == 1; }
static float real(void) { return (float)(int32_t)next() / 2147483648.0f; }

// Zero points and clamps lie at their ends more often than elsewhere.
static int32_t byte(void) {
  return one_in(4) ? (one_in(2) ? -128 : 127) : between(-128, 127);
}

// MARK: memory

static void *blocks[64];
static int block_count;

// Memory with the slack that kernels may read, filled with what is not a number as float.
static void *memory(int64_t size) {
  void *block = malloc((size_t)size + FK_SLACK);
  memset(block, 0xFF, (size_t)size + FK_SLACK);
  return blocks[block_count++] = block;
}

static void free_all(void) {
  while (block_count > 0) free(blocks[--block_count]);
}

static uint8_t *random_bytes(int64_t count) {
  uint8_t *bytes = memory(count);
  const int ends = one_in(3);
  for (int64_t i = 0; i < count; i++) bytes[i] = (uint8_t)(ends ? byte() : between(-128, 127));
  return bytes;
}

static float *random_floats(int64_t count) {
  float *floats = memory(count * 4);
  for (int64_t i = 0; i < count; i++) floats[i] = real();
  return floats;
}

// A copy with zeros up to a multiple of `nr`.
static void *padded(const void *values, int64_t count, int32_t nr) {
  const int64_t size = (count + nr - 1) / nr * nr * 4;
  void *copy = memory(size);
  memset(copy, 0, (size_t)size);
  return memcpy(copy, values, (size_t)count * 4);
}

// MARK: cases

static int is_depthwise(fk_op op) {
  return op == FK_OP_F32_DEPTHWISE || op == FK_OP_F32_DEPTHWISE_3X3 || op == FK_OP_S8_DEPTHWISE ||
         op == FK_OP_S8_DEPTHWISE_3X3;
}

static int is_float(fk_op op) {
  return op == FK_OP_F32_CONV || op == FK_OP_F32_CONV_NARROW || op == FK_OP_F32_DEPTHWISE ||
         op == FK_OP_F32_DEPTHWISE_3X3;
}

static fk_window random_window(fk_op op) {
  const int is_3x3 = op == FK_OP_F32_DEPTHWISE_3X3 || op == FK_OP_S8_DEPTHWISE_3X3;
  for (;;) {
    fk_window w = {
        .batch = between(1, 2), .in_h = between(1, 12), .in_w = one_in(6) ? between(1, 110) : between(1, 14),
        .in_c = between(1, 70), .out_c = between(1, 70), .k_h = between(1, 5), .k_w = between(1, 5),
        .stride_h = between(1, 3), .stride_w = one_in(12) ? between(4, 20) : between(1, 3),
        .dilation_h = between(1, 2), .dilation_w = 1, .pad_top = between(0, 4), .pad_left = between(0, 4)};
    int32_t bottom = between(0, 4), right = between(0, 4);
    // A border so wide that windows are in it alone.
    if (one_in(12)) w.pad_left = between(5, 400), w.stride_w = between(20, 500);
    if (is_3x3) w.k_h = w.k_w = 3, w.dilation_h = 1;
    if (is_depthwise(op)) w.out_c = w.in_c;
    if (op == FK_OP_F32_CONV_NARROW || (!is_depthwise(op) && one_in(2))) {
      w.k_h = w.k_w = w.stride_h = w.stride_w = w.dilation_h = 1;
      w.pad_top = w.pad_left = bottom = right = 0;
    }
    if (op == FK_OP_F32_CONV_NARROW) w.in_c = 2 * between(1, 35), w.out_c = between(1, 8);
    const int32_t room_h = w.in_h + w.pad_top + bottom - ((w.k_h - 1) * w.dilation_h + 1);
    const int32_t room_w = w.in_w + w.pad_left + right - w.k_w;
    if (room_h < 0 || room_w < 0) continue;
    w.out_h = room_h / w.stride_h + 1;
    w.out_w = room_w / w.stride_w + 1;
    return w;
  }
}

// What one kernel makes of a case, with bytes behind it that it must not touch.
typedef struct result {
  uint8_t *bytes;
  int64_t size;
} result;

enum { GUARD = 64 };

static result result_of(int64_t size) {
  result r = {memory(size + GUARD), size};
  memset(r.bytes, 0xA5, (size_t)size + GUARD);
  return r;
}

// In two parts, the second first: nothing of it may be touched by the first.
static void run(const fk_kernel *kernel, const void *params, int64_t units, int64_t cut, int64_t scratch) {
  void *room = memory(scratch);
  kernel->run(params, cut, units, room);
  kernel->run(params, 0, cut, room);
}

static const char *problem(result found, result expected, int as_float) {
  for (int i = 0; i < GUARD; i++) {
    if (found.bytes[found.size + i] != 0xA5) return "wrote behind its output";
  }
  if (!as_float) return memcmp(found.bytes, expected.bytes, (size_t)found.size) ? "differs" : NULL;
  const float *a = (const float *)found.bytes, *b = (const float *)expected.bytes;
  float largest = 1;
  for (int64_t i = 0; i < found.size / 4; i++) largest = fmaxf(largest, fabsf(b[i]));
  for (int64_t i = 0; i < found.size / 4; i++) {
    if (!(fabsf(a[i] - b[i]) <= 1e-5f * largest)) return "differs";
  }
  return NULL;
}

static const char *check_float(const fk_kernel *kernels[2], fk_op op, const fk_window *w) {
  const int64_t pixels = (int64_t)w->out_h * w->out_w * w->batch, units = (int64_t)w->batch * w->out_h;
  const int64_t taps = (int64_t)w->k_h * w->k_w, k = taps * (is_depthwise(op) ? 1 : w->in_c);
  const float *input = random_floats((int64_t)w->batch * w->in_h * w->in_w * w->in_c);
  const float *weights = random_floats(w->out_c * k), *bias = random_floats(w->out_c);
  const float lo = one_in(2) ? -INFINITY : -0.5f, hi = one_in(2) ? INFINITY : 0.5f;
  const int64_t cut = between(0, (int32_t)units);
  float *zeros = memory(w->in_c * 4);
  memset(zeros, 0, (size_t)w->in_c * 4 + FK_SLACK);
  result results[2];
  for (int i = 0; i < 2; i++) {
    const fk_kernel *kernel = kernels[i];
    const int32_t overlaps = kernel->isa != FK_ISA_PORTABLE && op != FK_OP_F32_DEPTHWISE;
    results[i] = result_of(pixels * w->out_c * 4);
    float *out = (float *)results[i].bytes;
    if (is_depthwise(op)) {
      float *packed = memory(fk_packed_depthwise_size(w->out_c, taps, kernel->nr, 1) * 4);
      fk_pack_f32_depthwise(weights, w->out_c, taps, kernel->nr, overlaps, packed);
      const fk_f32_depthwise p = {
          *w, input, packed, padded(bias, w->out_c, kernel->nr), zeros, out, lo, hi};
      run(kernel, &p, units, cut, fk_depthwise_scratch(w));
    } else {
      float *packed = memory(fk_packed_conv_size(w->out_c, k, k, kernel->nr, kernel->kr) * 4);
      fk_pack_f32_conv(weights, w->out_c, k, kernel->nr, kernel->kr, overlaps, packed);
      const fk_f32_conv p = {*w, input, packed, padded(bias, w->out_c, kernel->nr), out, lo, hi};
      run(kernel, &p, units, cut, fk_f32_conv_scratch(w, kernel));
    }
  }
  return problem(results[1], results[0], 1);
}

// Factors and zero points; a sum that is scaled covers the results' range or goes beyond it.
typedef struct scaling {
  int32_t multiplier[70], shift[70], bias[70];
  int32_t out_zero, lo, hi, in_zero, weight_zero;
  uint8_t flip;
} scaling;

static scaling random_scaling(const fk_window *w, int64_t k) {
  scaling s = {.out_zero = byte(), .lo = -128, .hi = 127, .in_zero = byte()};
  s.flip = one_in(2) ? 0x80 : 0;
  if (s.flip) s.weight_zero = byte();
  if (one_in(2)) s.lo = s.out_zero;
  if (one_in(3)) s.hi = between(s.lo, 127);
  // Products' sums are about 2^12 times the root of how many there are; results should be about 2^7.
  const int32_t usual = 6 + (int32_t)(log2((double)k) / 2);
  const int kind = between(0, 5);
  for (int32_t c = 0; c < w->out_c; c++) {
    s.multiplier[c] = (int32_t)(0x40000000u + next() % 0x40000000u);
    s.shift[c] = kind == 0 ? between(-31, 30) : kind == 1 ? between(-4, 3) : -between(usual - 3, usual + 2);
    s.bias[c] = between(-1, 1) * (int32_t)(next() >> (kind == 0 ? between(1, 31) : 18));
    if (c % 7 == 5 && one_in(2)) {
      // Channels that training has nearly switched off: a bias, and a factor too small for anything else.
      s.shift[c] = -between(22, 29);
      s.bias[c] = (one_in(2) ? 1 : -1) * between(1 << 27, 1 << 30);
    }
  }
  return s;
}

static const char *check_bytes(const fk_kernel *kernels[2], fk_op op, const fk_window *w) {
  const int64_t pixels = (int64_t)w->out_h * w->out_w * w->batch, units = (int64_t)w->batch * w->out_h;
  const int64_t taps = (int64_t)w->k_h * w->k_w, run_size = (int64_t)w->k_w * w->in_c;
  const int64_t k = taps * (is_depthwise(op) ? 1 : w->in_c), count = w->out_c;
  const int64_t step = is_depthwise(op) ? 1 : k, tap_step = is_depthwise(op) ? count : 1;
  const int is_hybrid = one_in(4);
  scaling s = random_scaling(w, k);
  if (is_hybrid) s.flip = 0, s.weight_zero = 0;
  const uint8_t *input = random_bytes((int64_t)w->batch * w->in_h * w->in_w * w->in_c);
  uint8_t *weights = random_bytes(count * k);
  // Channels that training has switched off.
  for (int64_t c = 0; c < count; c++) {
    for (int64_t i = 0; i < k && c % 7 == 3; i++) {
      weights[c * step + i * tap_step] = (uint8_t)s.weight_zero ^ s.flip;
    }
  }
  const float *scales = random_floats(count), *float_bias = random_floats(count);
  fk_dynamic dynamic[2];
  for (int i = 0; i < 2; i++) dynamic[i] = (fk_dynamic){.scale = real() * 0.01f, .zero = byte()};
  const float real_lo = one_in(2) ? -INFINITY : -1, real_hi = one_in(2) ? INFINITY : 1;
  const uint8_t zero_byte = (uint8_t)s.in_zero ^ s.flip;
  uint8_t *zeros = memory(w->in_c);
  memset(zeros, zero_byte, (size_t)w->in_c + FK_SLACK);
  const int64_t cut = between(0, (int32_t)units);
  result results[2];
  for (int i = 0; i < 2; i++) {
    const fk_kernel *kernel = kernels[i];
    const int32_t nr = kernel->nr, kr = kernel->kr, offset = fk_input_offset(kernel);
    const int64_t size = is_depthwise(op) ? fk_packed_depthwise_size(count, taps, nr, kr)
                                          : fk_packed_conv_size(count, k, run_size, nr, kr);
    void *packed = memory(size * (kr == 4 ? 1 : 2));
    int packing = 1;
    if (is_depthwise(op)) {
      packing = fk_pack_s8_depthwise(weights, count, taps, nr, kr, s.weight_zero, s.flip, packed);
    } else {
      fk_pack_s8_conv(weights, count, k, run_size, nr, kr, s.weight_zero, s.flip, packed);
    }
    if (packing == 0) return NULL;
    int32_t bias[70], sums[70];
    int64_t bounds[70];
    memcpy(bias, s.bias, sizeof bias);
    memset(sums, 0, sizeof sums);
    fk_sum_bounds(weights, count, k, step, tap_step, s.weight_zero, s.flip, bounds);
    fk_fold_input_zero(
        weights, count, k, step, tap_step, s.weight_zero, s.flip, s.in_zero + offset, bias);
    fk_fold_input_zero(weights, count, k, step, tap_step, 0, 0, -1, sums);
    fk_requant *blocks_of_16 = memory((count + 15) / 16 * (int64_t)sizeof(fk_requant));
    const int filled = fk_requant_fill(
        count, kr == 4, bias, s.multiplier, s.shift, bounds, s.out_zero, blocks_of_16);
    const fk_requant *requant = filled && !is_hybrid ? blocks_of_16 : NULL;
    results[i] = result_of(pixels * count * (is_hybrid ? 4 : 1));
    const fk_hybrid hybrid = {
        dynamic, padded(sums, count, nr), padded(scales, count, nr), padded(float_bias, count, nr),
        (float *)results[i].bytes, real_lo, real_hi};
    if (is_hybrid) memset(bias, 0, sizeof bias);
    const int32_t *all_bias = padded(bias, count, nr);
    const int32_t *multiplier = padded(s.multiplier, count, nr), *shift = padded(s.shift, count, nr);
    uint8_t *out = is_hybrid ? NULL : results[i].bytes;
    if (is_depthwise(op)) {
      const fk_s8_depthwise p = {
          *w, input, packed, all_bias, multiplier, shift, zeros, out, s.out_zero, s.lo, s.hi, s.flip,
          requant, filled == 2, is_hybrid ? &hybrid : NULL, packing == 2};
      run(kernel, &p, units, cut, fk_depthwise_scratch(w));
    } else {
      const fk_s8_conv p = {
          *w, input, packed, all_bias, multiplier, shift, out, s.out_zero, s.lo, s.hi, zero_byte,
          s.flip, s.weight_zero, requant, filled == 2, is_hybrid ? &hybrid : NULL};
      run(kernel, &p, units, cut, fk_s8_conv_scratch(w, kernel));
    }
  }
  return problem(results[1], results[0], is_hybrid);
}

int main(int argc, char **argv) {
  const int64_t cases = argc > 1 ? atoll(argv[1]) : 500;
  state = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
  printf("best instructions here: %s\n", fk_isa_name(fk_isa_best()));
  int failures = 0;
  for (size_t i = 0; i < fk_kernel_count(); i++) {
    const fk_kernel *kernel = fk_kernel_at(i);
    const fk_op op = kernel->op;
    if (kernel->isa == FK_ISA_PORTABLE) continue;
    const fk_kernel *kernels[2] = {fk_kernel_for(op, FK_ISA_PORTABLE), kernel};
    if (!is_float(op) && !is_depthwise(op) && op != FK_OP_S8_CONV) {
      printf("%-36s left to the tests of operators\n", kernel->name);
      continue;
    }
    if (!fk_isa_available(kernel->isa)) {
      printf("%-36s skipped: this processor lacks it\n", kernel->name);
      continue;
    }
    int failed = 0;
    for (int64_t j = 0; j < cases; j++) {
      const fk_window w = random_window(op);
      const char *text = (is_float(op) ? check_float : check_bytes)(kernels, op, &w);
      free_all();
      if (!text) continue;
      if (failed++ < 3) {
        printf(
            "%s %s: case %lld: in %dx%dx%d out %dx%dx%d window %dx%d stride %d %d pad %d %d\n",
            kernel->name, text, (long long)j, w.in_h, w.in_w, w.in_c, w.out_h, w.out_w, w.out_c, w.k_h,
            w.k_w, w.stride_h, w.stride_w, w.pad_top, w.pad_left);
      }
    }
    printf("%-36s %lld cases, %d differ\n", kernel->name, (long long)cases, failed);
    failures += failed;
  }
  return failures > 0;
}
