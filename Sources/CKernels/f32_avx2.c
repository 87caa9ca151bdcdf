// Float kernels for AVX2 with fused multiply-add.
#if defined(__x86_64__)

#include <immintrin.h>

#include "table.h"
#include "window.h"

#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// All ones in the first `n` of eight lanes.
INLINE AVX2 __m256i first_lanes(int64_t n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n > 8 ? 8 : n)), lane);
}

INLINE AVX2 void store_first(float *out, __m256 value, int64_t n) {
  if (n >= 8) {
    _mm256_storeu_ps(out, value);
  } else {
    _mm256_maskstore_ps(out, first_lanes(n), value);
  }
}

typedef struct tile_args {
  const float *a;  // gathered input, one pixel every `lda`
  int64_t lda, k;
  const float *weights, *bias;  // of this panel of 16
  float *out;                   // one pixel every `ldc`
  int64_t ldc, columns;
  float lo, hi;
} tile_args;

// `rows` pixels by 8 * `vectors` channels of a panel 16 wide. Accumulators stay in registers. The
// inner dimension is summed in two halves: shorter chains round less, which keeps networks with
// large logits within 1e-4 of the reference's probabilities.
INLINE AVX2 void tile(const tile_args *t, int64_t first, const int rows, const int vectors) {
  __m256 acc[12][2], half[12][2];
  const float *a = t->a + first * t->lda;
  const float *weights = t->weights;
  int64_t i = 0;
  UNROLL for (int part = 0; part < 2; part++) {
    UNROLL for (int r = 0; r < rows; r++) {
      UNROLL for (int v = 0; v < vectors; v++) {
        if (part == 1) half[r][v] = acc[r][v];
        acc[r][v] = _mm256_setzero_ps();
      }
    }
    for (const int64_t stop = part == 0 ? t->k / 2 : t->k; i < stop; i++, weights += 16) {
      __m256 w[2];
      UNROLL for (int v = 0; v < vectors; v++) w[v] = _mm256_loadu_ps(weights + 8 * v);
      UNROLL for (int r = 0; r < rows; r++) {
        __m256 x = _mm256_broadcast_ss(a + r * t->lda + i);
        UNROLL for (int v = 0; v < vectors; v++) acc[r][v] = _mm256_fmadd_ps(x, w[v], acc[r][v]);
      }
    }
  }
  const __m256 lo = _mm256_set1_ps(t->lo), hi = _mm256_set1_ps(t->hi);
  UNROLL for (int r = 0; r < rows; r++) {
    float *out = t->out + (first + r) * t->ldc;
    UNROLL for (int v = 0; v < vectors; v++) {
      __m256 value = _mm256_add_ps(half[r][v], acc[r][v]);
      value = _mm256_add_ps(value, _mm256_loadu_ps(t->bias + 8 * v));
      value = _mm256_min_ps(_mm256_max_ps(value, lo), hi);
      store_first(out + 8 * v, value, t->columns - 8 * v);
    }
  }
}

static AVX2 void panel_16(const tile_args *t, int64_t pixels) {
  int64_t i = 0;
  for (; i + 6 <= pixels; i += 6) tile(t, i, 6, 2);
  switch (pixels - i) {
    case 1: tile(t, i, 1, 2); break;
    case 2: tile(t, i, 2, 2); break;
    case 3: tile(t, i, 3, 2); break;
    case 4: tile(t, i, 4, 2); break;
    case 5: tile(t, i, 5, 2); break;
  }
}

static AVX2 void panel_8(const tile_args *t, int64_t pixels) {
  int64_t i = 0;
  for (; i + 12 <= pixels; i += 12) tile(t, i, 12, 1);
  if (i + 6 <= pixels) {
    tile(t, i, 6, 1);
    i += 6;
  }
  switch (pixels - i) {
    case 1: tile(t, i, 1, 1); break;
    case 2: tile(t, i, 2, 1); break;
    case 3: tile(t, i, 3, 1); break;
    case 4: tile(t, i, 4, 1); break;
    case 5: tile(t, i, 5, 1); break;
  }
}

static AVX2 void gather(
    const fk_f32_conv *p, int64_t row, int64_t first, int64_t pixels, float *to) {
  const fk_window *w = &p->w;
  const int64_t n = row / w->out_h, oy = row % w->out_h, in_c = w->in_c;
  for (int64_t i = 0; i < pixels; i++) {
    for (int64_t ky = 0; ky < w->k_h; ky++) {
      const int64_t x0 = (first + i) * w->stride_w - w->pad_left;
      const int64_t inside = fk_tap(w, n, oy, first + i, ky, 0);
      if (w->dilation_w == 1 && inside >= 0 && x0 + w->k_w <= w->in_w) {
        memcpy(to, p->input + inside, sizeof(float) * (size_t)(w->k_w * in_c));
        to += w->k_w * in_c;
        continue;
      }
      for (int64_t kx = 0; kx < w->k_w; kx++, to += in_c) {
        const int64_t tap = fk_tap(w, n, oy, first + i, ky, kx);
        if (tap < 0) {
          memset(to, 0, sizeof(float) * (size_t)in_c);
        } else {
          memcpy(to, p->input + tap, sizeof(float) * (size_t)in_c);
        }
      }
    }
  }
}

static AVX2 void block(
    const fk_f32_conv *p, const float *a, int64_t k, int64_t first_output, int64_t pixels) {
  const int64_t out_c = p->w.out_c;
  tile_args t = {.a = a, .lda = k, .k = k, .ldc = out_c, .lo = p->lo, .hi = p->hi};
  for (int64_t c = 0; c < out_c; c += 16) {
    t.weights = p->weights + c * k;
    t.bias = p->bias + c;
    t.out = p->output + first_output * out_c + c;
    t.columns = out_c - c;
    if (t.columns > 8) {
      panel_16(&t, pixels);
    } else {
      panel_8(&t, pixels);
    }
  }
}

AVX2 FK_KERNEL(fk_f32_conv_6x16__avx2) {
  const fk_f32_conv *p = params;
  const fk_window *w = &p->w;
  const int64_t k = fk_window_k(w), step = fk_block_pixels(k * (int64_t)sizeof(float), 6);
  if (fk_window_is_pointwise(w)) {
    const int64_t last = end * w->out_w;
    for (int64_t i = begin * w->out_w; i < last; i += step) {
      block(p, p->input + i * k, k, i, last - i < step ? last - i : step);
    }
    return;
  }
  for (int64_t row = begin; row < end; row++) {
    for (int64_t x = 0; x < w->out_w; x += step) {
      const int64_t pixels = w->out_w - x < step ? w->out_w - x : step;
      gather(p, row, x, pixels, scratch);
      block(p, scratch, k, row * w->out_w + x, pixels);
    }
  }
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
