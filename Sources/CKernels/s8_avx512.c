// Quantised kernels for AVX-512 with VNNI. Inputs are made unsigned (128 is added to the int8 domain,
// and taken off again in the bias), so that vpdpbusd, which does not saturate, multiplies them by
// signed weights, four products at once.
#if defined(__x86_64__)

#include <immintrin.h>

#include "s8_general.h"
#include "table.h"
#include "window.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// What requantising 16 channels needs, in registers.
typedef struct factors {
  __m512i multiplier, odd_multiplier, even, odd, shift, sign, left;
} factors;

INLINE AVX512 factors factors_of(const fk_requant *r) {
  factors f;
  f.multiplier = _mm512_loadu_si512(r->multiplier);
  f.odd_multiplier = _mm512_srli_epi64(f.multiplier, 32);
  f.even = _mm512_loadu_si512(r->even);
  f.odd = _mm512_loadu_si512(r->odd);
  f.shift = _mm512_loadu_si512(r->shift);
  f.sign = _mm512_loadu_si512(r->sign);
  f.left = _mm512_loadu_si512(r->left);
  return f;
}

INLINE AVX512 __m512i scale(__m512i acc, const factors *f, const int mode) {
  if (mode == LEFT) {
    acc = _mm512_xor_si512(_mm512_sllv_epi32(acc, f->left), _mm512_set1_epi32(INT32_MIN));
  }
  const __m512i even = _mm512_add_epi64(_mm512_mul_epu32(acc, f->multiplier), f->even);
  const __m512i odd = _mm512_add_epi64(
      _mm512_mul_epu32(_mm512_srli_epi64(acc, 32), f->odd_multiplier), f->odd);
  __m512i high = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
  if (mode != CLAMPED) {
    const __mmask16 below = _mm512_cmplt_epi32_mask(high, f->sign);
    high = _mm512_mask_sub_epi32(high, below, high, _mm512_set1_epi32(1));
  }
  return _mm512_srav_epi32(high, f->shift);
}

// Floats of 16 channels, from inputs that were quantised at run time.
INLINE AVX512 __m512 real(const fk_general *g, __m512i acc, int64_t channel, const __mmask16 mask) {
  const fk_hybrid *h = g->hybrid;
  const __m512i sum = _mm512_maskz_loadu_epi32(mask, h->weight_sum + channel);
  acc = _mm512_sub_epi32(acc, _mm512_mullo_epi32(sum, _mm512_set1_epi32(g->dynamic_zero)));
  __m512 value =
      _mm512_mul_ps(_mm512_cvtepi32_ps(acc), _mm512_maskz_loadu_ps(mask, h->scale + channel));
  value = _mm512_mul_ps(value, _mm512_set1_ps(g->dynamic_scale));
  value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, h->bias + channel));
  return _mm512_min_ps(_mm512_max_ps(value, _mm512_set1_ps(h->lo)), _mm512_set1_ps(h->hi));
}

typedef struct limits {
  __m128i lo, hi, flip;
} limits;

INLINE AVX512 limits limits_of(int32_t lo, int32_t hi, uint8_t flip) {
  limits l = {_mm_set1_epi8((char)lo), _mm_set1_epi8((char)hi), _mm_set1_epi8((char)flip)};
  return l;
}

INLINE AVX512 __m128i narrow(__m512i scaled, const limits *l) {
  const __m128i bytes = _mm512_cvtsepi32_epi8(scaled);
  return _mm_xor_si128(_mm_min_epi8(_mm_max_epi8(bytes, l->lo), l->hi), l->flip);
}

// Stores the 8 channels of two pixels, or fewer; others behind them are written again later.
INLINE AVX512 void store_pair(
    uint8_t *out, int64_t step, __m128i bytes, int64_t n, const uint8_t *end) {
  const __m128i second = _mm_unpackhi_epi64(bytes, bytes);
  if (out + step + 8 <= end) {
    _mm_storel_epi64((__m128i *)out, bytes);
    _mm_storel_epi64((__m128i *)(out + step), second);
  } else {
    const __mmask16 mask = (__mmask16)(n >= 8 ? 0xFF : (1u << n) - 1);
    _mm_mask_storeu_epi8(out, mask, bytes);
    _mm_mask_storeu_epi8(out + step, mask, second);
  }
}

// Stores 16 channels, or fewer where there are no more; others behind them are written again later.
INLINE AVX512 void store(uint8_t *out, __m128i bytes, int64_t n, const uint8_t *end) {
  if (out + 16 <= end) {
    _mm_storeu_si128((__m128i *)out, bytes);
  } else {
    _mm_mask_storeu_epi8(out, (__mmask16)(n >= 16 ? 0xFFFF : (1u << n) - 1), bytes);
  }
}

typedef struct tile_args {
  // Inputs of the first pixel: `runs` of them, one every `run_step`, each of `quads` times 4 bytes.
  const uint8_t *a;
  int64_t a_step;  // from pixel to pixel
  int64_t runs, run_step, quads;
  const int32_t *row_sums;  // of each pixel, to be added to its accumulators; or null
  const int8_t *weights;    // of the first group, others every `weights_step`
  int64_t weights_step;
  const fk_requant *requant;  // of the first group; null for the general way
  const int32_t *bias;        // of the first group where there is no requant
  const fk_general *general;
  int64_t group, out_c;
  uint8_t *out;          // of the first pixel
  const uint8_t *end;    // behind the last pixel that this call may write
  int64_t first_output;  // position of the first pixel
  limits limits;
} tile_args;

// `rows` pixels by 16 * `full` channels, and half a group behind them if `half` is 1.
INLINE AVX512 void tile(
    const tile_args *t, int64_t first, const int rows, const int full, const int half,
    const int mode) {
  __m512i acc[8][3];
  __m256i small[8];
  int64_t start[4];
  const int32_t *bias[4];
  UNROLL for (int v = 0; v < full + half; v++) {
    start[v] = fk_group_start(t->group + v, t->out_c);
    bias[v] = mode < GENERAL ? t->requant[v].bias : t->bias + start[v];
  }
  UNROLL for (int r = 0; r < rows; r++) {
    UNROLL for (int v = 0; v < full; v++) acc[r][v] = _mm512_loadu_si512(bias[v]);
    if (half) small[r] = _mm256_loadu_si256((const __m256i *)bias[full]);
  }
  if (t->row_sums) {
    UNROLL for (int r = 0; r < rows; r++) {
      const __m512i sum = _mm512_set1_epi32(t->row_sums[first + r]);
      UNROLL for (int v = 0; v < full; v++) acc[r][v] = _mm512_add_epi32(acc[r][v], sum);
      if (half) small[r] = _mm256_add_epi32(small[r], _mm512_castsi512_si256(sum));
    }
  }
  const uint8_t *run = t->a + first * t->a_step;
  const int8_t *weights = t->weights;
  for (int64_t i = 0; i < t->runs; i++, run += t->run_step) {
    const uint8_t *a = run;
    for (int64_t j = 0; j < t->quads; j++, a += 4, weights += 64) {
      __m512i w[3];
      __m256i u;
      UNROLL for (int v = 0; v < full; v++) {
        w[v] = _mm512_loadu_si512(weights + v * t->weights_step);
      }
      if (half) u = _mm256_loadu_si256((const __m256i *)(weights + full * t->weights_step));
      UNROLL for (int r = 0; r < rows; r++) {
        int32_t quad;
        memcpy(&quad, a + r * t->a_step, sizeof quad);
        if (full) {
          const __m512i x = _mm512_set1_epi32(quad);
          UNROLL for (int v = 0; v < full; v++) acc[r][v] = _mm512_dpbusd_epi32(acc[r][v], x, w[v]);
          if (half) small[r] = _mm256_dpbusd_epi32(small[r], _mm512_castsi512_si256(x), u);
        } else {
          small[r] = _mm256_dpbusd_epi32(small[r], _mm256_set1_epi32(quad), u);
        }
      }
    }
  }
  const int64_t ldc = t->out_c;
  if (mode < GENERAL) {
    // Pixel by pixel in order, as each may write into the next.
    UNROLL for (int v = 0; v < full; v++) {
      const factors f = factors_of(t->requant + v);
      uint8_t *out = t->out + first * ldc + start[v];
      UNROLL for (int r = 0; r < rows; r++) {
        store(out + r * ldc, narrow(scale(acc[r][v], &f, mode), &t->limits), ldc, t->end);
      }
    }
    if (half) {
      const factors f = factors_of(t->requant + full);
      uint8_t *out = t->out + first * ldc + start[full];
      UNROLL for (int r = 0; r < rows; r += 2) {
        // The last of an odd number is put down twice, in the same place.
        const int next = r + 1 < rows ? r + 1 : r;
        const __m512i pair =
            _mm512_inserti64x4(_mm512_castsi256_si512(small[r]), small[next], 1);
        store_pair(
            out + r * ldc, (next - r) * ldc, narrow(scale(pair, &f, mode), &t->limits), ldc,
            t->end);
      }
    }
    return;
  }
  if (mode == HYBRID) {
    UNROLL for (int v = 0; v < full + half; v++) {
      const int64_t n = v < full ? 16 : 8;
      const __mmask16 mask = (__mmask16)((1u << (ldc < n ? ldc : n)) - 1);
      float *out = (float *)t->out + first * ldc + start[v];
      UNROLL for (int r = 0; r < rows; r++) {
        const __m512i sums = v < full ? acc[r][v < full ? v : 0] : _mm512_castsi256_si512(small[r]);
        _mm512_mask_storeu_ps(out + r * ldc, mask, real(t->general, sums, start[v], mask));
      }
    }
    return;
  }
  // Unrolled, as sums would lie in memory if their places were not known.
  UNROLL for (int v = 0; v < full + half; v++) {
    UNROLL for (int r = 0; r < rows; r++) {
      int32_t sums[16];
      int64_t n = v < full ? 16 : 8;
      if (v < full) {
        _mm512_storeu_si512(sums, acc[r][v]);
      } else {
        _mm256_storeu_si256((__m256i *)sums, small[r]);
      }
      fk_finish_general(
          t->general, sums, ldc < n ? ldc : n, start[v], t->out, (first + r) * ldc + start[v]);
    }
  }
}

#define PANELS(name, full, half, mode)                                 \
  static AVX512 void name(const tile_args *t, int64_t pixels) {        \
    int64_t i = 0;                                                     \
    for (; i + 8 <= pixels; i += 8) tile(t, i, 8, full, half, mode);   \
    if (i < pixels && pixels >= 8) {                                   \
      /* Some pixels a second time, with the same result. */           \
      tile(t, pixels - 8, 8, full, half, mode);                        \
      return;                                                          \
    }                                                                  \
    if (pixels - i >= 4) {                                             \
      tile(t, i, 4, full, half, mode);                                 \
      i += 4;                                                          \
    }                                                                  \
    for (; i < pixels; i++) tile(t, i, 1, full, half, mode);           \
  }
#define MODES(mode, name)         \
  PANELS(name##_1, 1, 0, mode)    \
  PANELS(name##_2, 2, 0, mode)    \
  PANELS(name##_3, 3, 0, mode)    \
  PANELS(name##_half, 0, 1, mode) \
  PANELS(name##_1_half, 1, 1, mode) \
  PANELS(name##_2_half, 2, 1, mode)
MODES(CLAMPED, clamped)
MODES(SIGNED, signed)
MODES(LEFT, left)
MODES(GENERAL, general)
MODES(HYBRID, hybrid)

// Copies `n` bytes and makes them unsigned; reads and writes up to 63 more.
INLINE AVX512 void copy(uint8_t *to, const uint8_t *from, int64_t n, __m512i flip) {
  for (int64_t i = 0; i < n; i += 64) {
    _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_loadu_si512(from + i), flip));
  }
}

// For each pixel minus the weights' zero point times the sum of its inputs.
static AVX512 void sum_rows(
    const tile_args *t, int64_t pixels, int64_t run, int32_t weight_zero, int32_t *sums) {
  const __m512i zero = _mm512_setzero_si512();
  for (int64_t r = 0; r < pixels; r++) {
    __m512i sum = zero;
    for (int64_t i = 0; i < t->runs; i++) {
      const uint8_t *a = t->a + r * t->a_step + i * t->run_step;
      int64_t j = 0;
      for (; j + 64 <= run; j += 64) {
        sum = _mm512_add_epi64(sum, _mm512_sad_epu8(_mm512_loadu_si512(a + j), zero));
      }
      if (j < run) {
        const __m512i rest = _mm512_maskz_loadu_epi8(~0ull >> (64 - (run - j)), a + j);
        sum = _mm512_add_epi64(sum, _mm512_sad_epu8(rest, zero));
      }
    }
    const uint64_t total = (uint64_t)_mm512_reduce_add_epi64(sum);
    sums[r] = (int32_t)(uint32_t)(0 - (uint64_t)(int64_t)weight_zero * total);
  }
}

static AVX512 void block(
    const fk_s8_conv *p, tile_args *t, int64_t first_output, int64_t pixels, int32_t *sums) {
  const int64_t out_c = p->w.out_c, groups = (out_c + 15) / 16;
  t->row_sums = NULL;
  if (p->weight_zero != 0) {
    sum_rows(t, pixels, (int64_t)p->w.k_w * p->w.in_c, p->weight_zero, sums);
    t->row_sums = sums;
  }
  t->out = p->hybrid ? (uint8_t *)(p->hybrid->output + first_output * out_c)
                     : p->output + first_output * out_c;
  const int mode = fk_mode_of(p->hybrid, p->requant, p->has_left, p->lo, p->out_zero);
#define ALL(name) \
  {name##_1, name##_2, name##_3, name##_half, name##_1_half, name##_2_half}
  static void (*const panels[5][6])(const tile_args *, int64_t) = {
      ALL(clamped), ALL(signed), ALL(left), ALL(general), ALL(hybrid)};
  for (int64_t group = 0; group < groups;) {
    const int64_t rest = groups - group;
    int64_t vectors = rest >= 3 && rest != 4 ? 3 : rest >= 2 ? 2 : 1;
    const int has_half = fk_group_is_half(group + vectors - 1, out_c);
    t->group = group;
    t->weights = (const int8_t *)p->weights + group * t->weights_step;
    t->requant = p->requant ? p->requant + group : NULL;
    panels[mode][has_half ? vectors + 2 : vectors - 1](t, pixels);
    group += vectors;
  }
}

// The `rows` that the windows of output rows from `row` on see, with their borders, made unsigned.
static AVX512 void copy_rows(
    const fk_window *w, const uint8_t *input, uint8_t zero, __m512i flip, uint8_t to_unsigned,
    int64_t row, int64_t rows, int64_t run_step, uint8_t *to) {
  const int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
  const int64_t row_bytes = (int64_t)w->in_w * w->in_c, left = (int64_t)w->pad_left * w->in_c;
  const int border = zero ^ to_unsigned;
  for (int64_t i = 0; i < rows; i++, to += run_step) {
    const int64_t y = y0 + i * w->dilation_h;
    if (y < 0 || y >= w->in_h || left > run_step) {
      memset(to, border, (size_t)run_step);
      continue;
    }
    memset(to, border, (size_t)left);
    const int64_t n_bytes = row_bytes < run_step - left ? row_bytes : run_step - left;
    const uint8_t *from = input + (n * w->in_h + y) * row_bytes;
    int64_t j = 0;
    for (; j + 64 <= n_bytes; j += 64) copy(to + left + j, from + j, 64, flip);
    for (; j < n_bytes; j++) to[left + j] = from[j] ^ to_unsigned;
    memset(to + left + n_bytes, border, (size_t)(run_step - left - n_bytes));
  }
}

AVX512 FK_KERNEL(fk_s8_conv_8x16__avx512) {
  const fk_s8_conv *p = params;
  const fk_window *w = &p->w;
  const int64_t run = (int64_t)w->k_w * w->in_c, quads = (run + 3) / 4;
  const uint8_t to_unsigned = p->flip ^ 0x80;
  const __m512i flip = _mm512_set1_epi8((char)to_unsigned);
  fk_general general = {
      .multiplier = p->multiplier, .shift = p->shift, .out_zero = p->out_zero, .lo = p->lo,
      .hi = p->hi, .flip = p->flip, .hybrid = p->hybrid};
  tile_args t = {
      .quads = quads, .runs = w->k_h, .weights_step = 64 * quads * w->k_h, .bias = p->bias,
      .general = &general, .out_c = w->out_c,
      .end = p->hybrid ? NULL : p->output + end * w->out_w * w->out_c,
      .limits = limits_of(p->lo, p->hi, p->flip)};
  if (fk_window_is_pointwise(w) && !p->hybrid) {
    const int64_t step = fk_block_pixels(run, 8), last = end * w->out_w;
    int32_t *sums = (int32_t *)((uint8_t *)scratch + (step * run + 127) / 64 * 64);
    t.a_step = run;
    for (int64_t i = begin * w->out_w; i < last; i += step) {
      const int64_t pixels = last - i < step ? last - i : step;
      t.a = p->input + i * run;
      if (to_unsigned) {
        copy(scratch, t.a, pixels * run, flip);
        t.a = scratch;
      }
      block(p, &t, i, pixels, sums);
    }
    return;
  }
  // Up to the last column that a window reaches.
  const int64_t width = (int64_t)(w->out_w - 1) * w->stride_w + w->k_w;
  t.run_step = width * w->in_c;
  t.a_step = (int64_t)w->stride_w * w->in_c;
  t.a = scratch;
  const int64_t block_rows = fk_block_rows(w);
  const int64_t gathered = (block_rows - 1) * w->stride_h + w->k_h;
  int32_t *sums = (int32_t *)((uint8_t *)scratch + (t.run_step * gathered + 127) / 64 * 64);
  for (int64_t row = begin; row < end;) {
    const int64_t image = row / w->out_h;
    uint8_t zero = p->in_zero;
    if (p->hybrid) {
      const fk_dynamic *dynamic = p->hybrid->dynamic + image;
      general.dynamic_zero = dynamic->zero + 128;
      general.dynamic_scale = dynamic->scale;
      zero = (uint8_t)dynamic->zero;
    }
    int64_t stop = row + block_rows < end ? row + block_rows : end;
    if (stop > (image + 1) * w->out_h) stop = (image + 1) * w->out_h;
    const int64_t rows = (stop - row - 1) * w->stride_h + w->k_h;
    copy_rows(w, p->input, zero, flip, to_unsigned, row, rows, t.run_step, scratch);
    t.a = scratch;
    for (; row < stop; row++, t.a += w->stride_h * t.run_step) {
      block(p, &t, row * w->out_w, w->out_w, sums);
    }
  }
}

// The three rows of a column of 16 channels, side by side: byte 4c + r is channel c of row r.
INLINE AVX512 __m512i column(
    const uint8_t *const rows[3], int64_t offset0, int64_t offset1, int64_t offset2,
    __m512i flip) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i transpose = _mm512_broadcast_i32x4(
      _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(rows[0] + offset0)));
  x = _mm512_mask_broadcast_i32x4(x, 0x00F0, _mm_loadu_si128((const __m128i *)(rows[1] + offset1)));
  x = _mm512_mask_broadcast_i32x4(x, 0x0F00, _mm_loadu_si128((const __m128i *)(rows[2] + offset2)));
  x = _mm512_permutexvar_epi32(order, _mm512_xor_si512(x, flip));
  return _mm512_shuffle_epi8(x, transpose);
}

typedef struct strip {
  const uint8_t *rows[3];
  int64_t steps[3];  // bytes from pixel to pixel, 0 for a row outside the image
  int64_t in_w, out_w, stride, pad;
  uint8_t *out;
  const uint8_t *end;
  int64_t out_step, channel;
  const int8_t *weights;
  const int32_t *bias;
  const fk_requant *requant;
  const fk_general *general;
  __m512i flip, zero;
  limits limits;
} strip;

// One row of 16 channels. `is_wide`: weights have a second part.
INLINE AVX512 void depthwise_strip(const strip *given, const int is_wide, const int mode) {
  // A copy, which what is written cannot change, stays in registers.
  const strip local = *given, *s = &local;
  __m512i w[6];
  UNROLL for (int i = 0; i < (is_wide ? 6 : 3); i++) w[i] = _mm512_loadu_si512(s->weights + 64 * i);
  const __m512i bias = _mm512_loadu_si512(s->bias);
  factors f;
  if (mode < GENERAL) f = factors_of(s->requant);
#define COLUMN(x)                                                                          \
  ((x) < 0 || (x) >= s->in_w                                                               \
       ? s->zero                                                                           \
       : column(s->rows, (x) * s->steps[0], (x) * s->steps[1], (x) * s->steps[2], s->flip))
  int64_t x = -s->pad;
  __m512i c0 = COLUMN(x), c1 = COLUMN(x + 1);
  for (int64_t ox = 0; ox < s->out_w; ox++) {
    const __m512i c2 = COLUMN(x + 2);
    __m512i acc = _mm512_dpbusd_epi32(bias, c0, w[0]);
    __m512i second = _mm512_dpbusd_epi32(_mm512_setzero_si512(), c1, w[1]);
    acc = _mm512_dpbusd_epi32(acc, c2, w[2]);
    if (is_wide) {
      second = _mm512_dpbusd_epi32(second, c0, w[3]);
      acc = _mm512_dpbusd_epi32(acc, c1, w[4]);
      second = _mm512_dpbusd_epi32(second, c2, w[5]);
    }
    acc = _mm512_add_epi32(acc, second);
    if (mode < GENERAL) {
      const __m128i bytes = narrow(scale(acc, &f, mode), &s->limits);
      store(s->out + ox * s->out_step, bytes, s->out_step, s->end);
    } else if (mode == HYBRID) {
      const __mmask16 mask = (__mmask16)(s->out_step >= 16 ? 0xFFFF : (1u << s->out_step) - 1);
      _mm512_mask_storeu_ps(
          (float *)s->out + ox * s->out_step, mask, real(s->general, acc, s->channel, mask));
    } else {
      int32_t sums[16];
      _mm512_storeu_si512(sums, acc);
      fk_finish_general(
          s->general, sums, s->out_step < 16 ? s->out_step : 16, s->channel, s->out,
          ox * s->out_step);
    }
    x += s->stride;
    if (s->stride == 1) {
      c0 = c1;
      c1 = c2;
    } else {
      c0 = s->stride == 2 ? c2 : COLUMN(x);
      c1 = COLUMN(x + 1);
    }
  }
#undef COLUMN
}

// Eight channels of a column, and beside them those of the column of the next output.
INLINE AVX512 __m512i column_pair(const strip *s, int64_t x) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i transpose = _mm512_broadcast_i32x4(
      _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const int64_t next = x + s->stride, last = s->in_w - 1;
  // Columns outside are read as the nearest inside, and replaced below.
  const int64_t inside = x < 0 ? 0 : x > last ? last : x;
  const int64_t next_inside = next < 0 ? 0 : next > last ? last : next;
  __m128i rows[3];
  UNROLL for (int r = 0; r < 3; r++) {
    const __m128i a = _mm_loadl_epi64((const __m128i *)(s->rows[r] + inside * s->steps[r]));
    const __m128i b =
        _mm_loadl_epi64((const __m128i *)(s->rows[r] + next_inside * s->steps[r]));
    rows[r] = _mm_unpacklo_epi64(a, b);
  }
  __m512i v = _mm512_castsi128_si512(rows[0]);
  v = _mm512_inserti32x4(v, rows[1], 1);
  v = _mm512_inserti32x4(v, rows[2], 2);
  v = _mm512_permutexvar_epi32(order, _mm512_xor_si512(v, s->flip));
  v = _mm512_shuffle_epi8(v, transpose);
  const __mmask16 outside = (__mmask16)((x < 0 || x >= s->in_w ? 0x00FF : 0) |
                                        (next < 0 || next >= s->in_w ? 0xFF00 : 0));
  return _mm512_mask_mov_epi32(v, outside, s->zero);
}

// One row of 8 channels, two outputs at once.
INLINE AVX512 void depthwise_half(const strip *given, const int is_wide, const int mode) {
  // A copy, which what is written cannot change, stays in registers.
  const strip local = *given, *s = &local;
  __m512i w[6];
  UNROLL for (int i = 0; i < (is_wide ? 6 : 3); i++) w[i] = _mm512_loadu_si512(s->weights + 64 * i);
  const __m512i bias =
      mode < GENERAL ? _mm512_loadu_si512(s->bias)
                 : _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)s->bias));
  factors f;
  if (mode < GENERAL) f = factors_of(s->requant);
  __m512i c2 = s->zero;
  for (int64_t ox = 0; ox < s->out_w; ox += 2) {
    const int64_t x = ox * s->stride - s->pad;
    const __m512i c0 = s->stride == 1 && ox > 0 ? c2 : column_pair(s, x);
    const __m512i c1 = column_pair(s, x + 1);
    c2 = column_pair(s, x + 2);
    __m512i acc = _mm512_dpbusd_epi32(bias, c0, w[0]);
    __m512i second = _mm512_dpbusd_epi32(_mm512_setzero_si512(), c1, w[1]);
    acc = _mm512_dpbusd_epi32(acc, c2, w[2]);
    if (is_wide) {
      second = _mm512_dpbusd_epi32(second, c0, w[3]);
      acc = _mm512_dpbusd_epi32(acc, c1, w[4]);
      second = _mm512_dpbusd_epi32(second, c2, w[5]);
    }
    acc = _mm512_add_epi32(acc, second);
    const int has_next = ox + 1 < s->out_w;
    const int64_t n = s->out_step < 8 ? s->out_step : 8;
    if (mode < GENERAL) {
      const __m128i bytes = narrow(scale(acc, &f, mode), &s->limits);
      uint8_t *out = s->out + ox * s->out_step;
      if (has_next) {
        store_pair(out, s->out_step, bytes, n, s->end);
      } else {
        _mm_mask_storeu_epi8(out, (__mmask16)((1u << n) - 1), bytes);
      }
    } else {
      int32_t sums[16];
      _mm512_storeu_si512(sums, acc);
      fk_finish_general(s->general, sums, n, s->channel, s->out, ox * s->out_step);
      if (has_next) {
        fk_finish_general(s->general, sums + 8, n, s->channel, s->out, (ox + 1) * s->out_step);
      }
    }
  }
}

#define STRIPS(name, mode)                                                       \
  static AVX512 void strip_##name(const strip *s) { depthwise_strip(s, 0, mode); } \
  static AVX512 void wide_##name(const strip *s) { depthwise_strip(s, 1, mode); }  \
  static AVX512 void half_##name(const strip *s) { depthwise_half(s, 0, mode); }   \
  static AVX512 void half_wide_##name(const strip *s) { depthwise_half(s, 1, mode); }
STRIPS(clamped, CLAMPED)
STRIPS(signed, SIGNED)
STRIPS(left, LEFT)
STRIPS(general, GENERAL)
STRIPS(hybrid, HYBRID)

AVX512 FK_KERNEL(fk_s8_depthwise_1x16__avx512) {
  const fk_s8_depthwise *p = params;
  const fk_window *w = &p->w;
  (void)scratch;
  fk_general general = {
      .multiplier = p->multiplier, .shift = p->shift, .out_zero = p->out_zero, .lo = p->lo,
      .hi = p->hi, .flip = p->flip, .hybrid = p->hybrid};
  const int64_t channels = w->in_c, row_bytes = (int64_t)w->in_w * channels;
  const int mode = fk_mode_of(p->hybrid, p->requant, p->has_left, p->lo, p->out_zero);
  const uint8_t to_unsigned = p->flip ^ 0x80;
  strip s = {
      .in_w = w->in_w, .out_w = w->out_w, .stride = w->stride_w, .pad = w->pad_left,
      .out = p->output, .out_step = channels, .general = &general,
      .flip = _mm512_set1_epi8((char)to_unsigned),
      .limits = limits_of(p->lo, p->hi, p->flip)};
  for (int64_t row = begin; row < end; row++) {
    const int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
    uint8_t zero = p->zeros[0];
    uint8_t zeros[16];
    if (p->hybrid) {
      const fk_dynamic *dynamic = p->hybrid->dynamic + n;
      general.dynamic_zero = dynamic->zero + 128;
      general.dynamic_scale = dynamic->scale;
      zero = (uint8_t)dynamic->zero;
    }
    memset(zeros, zero, sizeof zeros);
    s.zero = _mm512_set1_epi8((char)(zero ^ to_unsigned));
    for (int64_t group = 0; 16 * group < channels; group++) {
      const int64_t c = fk_group_start(group, channels);
      for (int r = 0; r < 3; r++) {
        const int64_t y = y0 + r;
        const int is_inside = y >= 0 && y < w->in_h;
        s.rows[r] = is_inside ? p->input + (n * w->in_h + y) * row_bytes + c : zeros;
        s.steps[r] = is_inside ? channels : 0;
      }
      s.weights = (const int8_t *)p->weights + group * 384;
      s.requant = p->requant ? p->requant + group : NULL;
      s.bias = p->requant ? s.requant->bias : p->bias + c;
      s.channel = c;
      const int64_t first = row * w->out_w * channels + c;
      s.out = p->hybrid ? (uint8_t *)(p->hybrid->output + first) : p->output + first;
      s.end = p->hybrid ? NULL : p->output + end * w->out_w * channels;
#define ALL_STRIPS(prefix) \
  {prefix##_clamped, prefix##_signed, prefix##_left, prefix##_general, prefix##_hybrid}
      static void (*const strips[4][5])(const strip *) = {
          ALL_STRIPS(strip), ALL_STRIPS(wide), ALL_STRIPS(half), ALL_STRIPS(half_wide)};
      const int half = fk_group_is_half(group, channels) ? 2 : 0;
      strips[p->is_wide + half][mode](&s);
    }
  }
}

#endif
