// Float kernels for AVX2 with fused multiply-add.
#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma")))

// The first `n` of eight lanes. Stores under a mask take many cycles on some processors.
static inline __attribute__((always_inline)) AVX2 void store_first(float *out, __m256 value, int64_t n) {
  if (n >= 8) {
    _mm256_storeu_ps(out, value);
    return;
  }
  __m128 rest = _mm256_castps256_ps128(value);
  if (n & 4) {
    _mm_storeu_ps(out, rest);
    rest = _mm256_extractf128_ps(value, 1);
    out += 4;
  }
  if (n & 2) {
    _mm_storel_pi((__m64 *)out, rest);
    rest = _mm_movehl_ps(rest, rest);
    out += 2;
  }
  if (n & 1) _mm_store_ss(out, rest);
}

#define LANES 8
#define VECTOR __m256
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define STORE_FIRST store_first
#define SET1 _mm256_set1_ps
#define ADD _mm256_add_ps
#define MULTIPLY _mm256_mul_ps
#define MULTIPLY_ADD _mm256_fmadd_ps
#define MIN _mm256_min_ps
#define MAX _mm256_max_ps
#define ZERO _mm256_setzero_ps()
#define TARGET AVX2
#define ROWS_1 12
#define ROWS_2 6
#define ROWS_3 0

// With operands in memory, as nine weights and six inputs fill the registers.
#define BIAS(b)                                            \
  ({                                                       \
    VECTOR v;                                              \
    __asm__("vmovups %1, %0" : "=x"(v) : "m"(b));          \
    v;                                                     \
  })
#define LIMIT(v, lo, hi)                                                                         \
  ({                                                                                             \
    VECTOR x = v;                                                                                \
    __asm__("vmaxps %1, %0, %0\n\tvminps %2, %0, %0" : "+x"(x) : "m"(lo), "m"(hi));              \
    x;                                                                                           \
  })
#include "f32_tiles.h"

// 1x1 convolutions to eight or fewer channels: the weights of two inputs lie side by side, so that one
// read of a pair of inputs serves four channels, and eight with the next vector.
#define PAIR_ROWS 6

INLINE AVX2 void pairs_tile(
    const fk_f32_conv *p, int64_t pixel, const int rows) {
  const int64_t k = p->w.in_c, out_c = p->w.out_c;
  __m256 acc[PAIR_ROWS][2];
  UNROLL for (int r = 0; r < rows; r++) acc[r][0] = acc[r][1] = ZERO;
  const float *a = p->input + pixel * k, *weights = p->weights;
  for (int64_t j = 0; j < k; j += 2, weights += 16) {
    const __m256 w[2] = {LOAD(weights), LOAD(weights + 8)};
    UNROLL for (int r = 0; r < rows; r++) {
      const __m256 x = _mm256_castpd_ps(_mm256_broadcast_sd((const double *)(a + r * k + j)));
      UNROLL for (int v = 0; v < 2; v++) acc[r][v] = MULTIPLY_ADD(x, w[v], acc[r][v]);
    }
  }
  const __m256 bias = LOAD(p->bias), lo = SET1(p->lo), hi = SET1(p->hi);
  float *out = p->output + pixel * out_c;
  UNROLL for (int r = 0; r < rows; r++) {
    // Channels 0 1 4 5, 2 3 6 7.
    const __m256d sums = _mm256_castps_pd(_mm256_hadd_ps(acc[r][0], acc[r][1]));
    const __m256 value = ADD(_mm256_castpd_ps(_mm256_permute4x64_pd(sums, 0xD8)), bias);
    store_first(out + r * out_c, MIN(MAX(value, lo), hi), out_c);
  }
}

AVX2 FK_KERNEL(fk_f32_conv_narrow_6x8__avx2) {
  (void)scratch;
  const fk_f32_conv *p = params;
  int64_t pixel = begin * p->w.out_w;
  const int64_t last = end * p->w.out_w;
  for (; pixel + PAIR_ROWS <= last; pixel += PAIR_ROWS) pairs_tile(p, pixel, PAIR_ROWS);
  for (; pixel < last; pixel++) pairs_tile(p, pixel, 1);
}

AVX2 FK_KERNEL(fk_f32_conv_6x8__avx2) { convolution(params, begin, end, scratch); }

AVX2 FK_KERNEL(fk_f32_depthwise_3x3_1x8__avx2) {
  (void)scratch;
  depthwise(params, begin, end);
}

typedef struct taps_args {
  const float *const *source;
  int64_t count;
  const float *weights;
  int64_t padded;
  const float *bias;
  float *out;
  int64_t columns;
  float lo, hi;
} taps_args;

INLINE AVX2 __m256 multiply_add(const float *a, const float *b, __m256 sum) {
  return _mm256_fmadd_ps(_mm256_loadu_ps(a), _mm256_loadu_ps(b), sum);
}

INLINE AVX2 void channels(const taps_args *t, int64_t c, const int vectors) {
  __m256 even[4], odd[4];
  UNROLL for (int v = 0; v < vectors; v++) even[v] = odd[v] = _mm256_setzero_ps();
  const float *weights = t->weights + c;
  int64_t i = 0;
  for (; i + 2 <= t->count; i += 2, weights += 2 * t->padded) {
    const float *in = t->source[i] + c, *next = t->source[i + 1] + c;
    UNROLL for (int v = 0; v < vectors; v++) {
      even[v] = multiply_add(in + 8 * v, weights + 8 * v, even[v]);
      odd[v] = multiply_add(next + 8 * v, weights + t->padded + 8 * v, odd[v]);
    }
  }
  if (i < t->count) {
    const float *in = t->source[i] + c;
    UNROLL for (int v = 0; v < vectors; v++) {
      even[v] = multiply_add(in + 8 * v, weights + 8 * v, even[v]);
    }
  }
  const __m256 lo = _mm256_set1_ps(t->lo), hi = _mm256_set1_ps(t->hi);
  UNROLL for (int v = 0; v < vectors; v++) {
    __m256 value = _mm256_add_ps(even[v], odd[v]);
    value = _mm256_add_ps(value, _mm256_loadu_ps(t->bias + c + 8 * v));
    value = _mm256_min_ps(_mm256_max_ps(value, lo), hi);
    store_first(t->out + c + 8 * v, value, t->columns - c - 8 * v);
  }
}

AVX2 FK_KERNEL(fk_f32_depthwise_1x8__avx2) {
  const fk_f32_depthwise *p = params;
  const fk_window *w = &p->w;
  const int64_t taps = (int64_t)w->k_h * w->k_w, padded = ((int64_t)w->out_c + 7) / 8 * 8;
  const float **source = scratch;
  taps_args t = {
      .source = source, .count = taps, .weights = p->weights, .padded = padded, .bias = p->bias,
      .columns = w->out_c, .lo = p->lo, .hi = p->hi};
  for (int64_t row = begin; row < end; row++) {
    const int64_t n = row / w->out_h, oy = row % w->out_h;
    for (int64_t ox = 0; ox < w->out_w; ox++) {
      int64_t i = 0;
      for (int64_t ky = 0; ky < w->k_h; ky++) {
        for (int64_t kx = 0; kx < w->k_w; kx++) {
          const int64_t tap = fk_tap(w, n, oy, ox, ky, kx);
          source[i++] = tap < 0 ? p->zeros : p->input + tap;
        }
      }
      t.out = p->output + (row * w->out_w + ox) * w->out_c;
      int64_t c = 0;
      for (; c + 32 <= padded; c += 32) channels(&t, c, 4);
      for (; c + 16 <= padded; c += 16) channels(&t, c, 2);
      if (c < padded) channels(&t, c, 1);
    }
  }
}

#endif
