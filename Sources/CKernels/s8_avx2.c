// Quantised kernels for AVX2: bytes widened to 16 bits, pairs multiplied and added into 32 bits
// (vpmaddwd), which cannot saturate here, and requantised in registers with the reference's rounding.
#if defined(__x86_64__)

#include <immintrin.h>

#include "table.h"
#include "window.h"

#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// fk_scale, eight lanes at once.
INLINE AVX2 __m256i scale(__m256i acc, __m256i multiplier, __m256i shift) {
  const __m256i zero = _mm256_setzero_si256(), nudge = _mm256_set1_epi64x(1ll << 30);
  const __m256i left = _mm256_max_epi32(shift, zero);
  const __m256i right = _mm256_max_epi32(_mm256_sub_epi32(zero, shift), zero);
  const __m256i x = _mm256_sllv_epi32(acc, left);
  __m256i even = _mm256_mul_epi32(x, multiplier);
  __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(multiplier, 32));
  even = _mm256_srli_epi64(_mm256_add_epi64(even, nudge), 31);
  odd = _mm256_slli_epi64(_mm256_add_epi64(odd, nudge), 1);
  const __m256i high = _mm256_blend_epi32(even, odd, 0xAA);
  const __m256i mask =
      _mm256_sub_epi32(_mm256_sllv_epi32(_mm256_set1_epi32(1), right), _mm256_set1_epi32(1));
  const __m256i threshold =
      _mm256_sub_epi32(_mm256_srli_epi32(mask, 1), _mm256_srai_epi32(high, 31));
  const __m256i up = _mm256_cmpgt_epi32(_mm256_and_si256(high, mask), threshold);
  return _mm256_sub_epi32(_mm256_srav_epi32(high, right), up);
}

typedef struct finish {
  __m256i out_zero, lo, hi;
  __m128i flip;
} finish;

INLINE AVX2 finish finish_of(int32_t out_zero, int32_t lo, int32_t hi, uint8_t flip) {
  finish f = {
      _mm256_set1_epi32(out_zero), _mm256_set1_epi32(lo), _mm256_set1_epi32(hi),
      _mm_set1_epi8((char)flip)};
  return f;
}

INLINE AVX2 __m256i clamp(const finish *f, __m256i scaled) {
  const __m256i value = _mm256_add_epi32(scaled, f->out_zero);
  return _mm256_min_epi32(_mm256_max_epi32(value, f->lo), f->hi);
}

INLINE AVX2 void store_first(uint8_t *out, __m128i bytes, int64_t n) {
  if (n >= 16) {
    _mm_storeu_si128((__m128i *)out, bytes);
  } else if (n == 8) {
    _mm_storel_epi64((__m128i *)out, bytes);
  } else {
    uint8_t whole[16];
    _mm_storeu_si128((__m128i *)whole, bytes);
    memcpy(out, whole, (size_t)n);
  }
}

typedef struct tile_args {
  const int16_t *a;  // gathered input, one pixel every `lda`
  int64_t lda, pairs;
  const int16_t *weights;  // of this panel of 16
  const int32_t *bias, *multiplier, *shift;
  uint8_t *out;  // one pixel every `ldc`
  int64_t ldc, columns;
} tile_args;

// ROWS pixels by 8 * VECTORS channels of a panel 16 wide.
INLINE AVX2 void tile(
    const tile_args *t, const finish *f, int64_t first, const int rows, const int vectors) {
  __m256i acc[12][2];
  const int16_t *a = t->a + first * t->lda;
  UNROLL for (int r = 0; r < rows; r++) {
    UNROLL for (int v = 0; v < vectors; v++) {
      acc[r][v] = _mm256_loadu_si256((const __m256i *)(t->bias + 8 * v));
    }
  }
  const int16_t *weights = t->weights;
  for (int64_t i = 0; i < t->pairs; i++, weights += 32) {
    __m256i w[2];
    UNROLL for (int v = 0; v < vectors; v++) {
      w[v] = _mm256_loadu_si256((const __m256i *)(weights + 16 * v));
    }
    UNROLL for (int r = 0; r < rows; r++) {
      int32_t pair;
      memcpy(&pair, a + r * t->lda + 2 * i, sizeof pair);
      const __m256i x = _mm256_set1_epi32(pair);
      UNROLL for (int v = 0; v < vectors; v++) {
        acc[r][v] = _mm256_add_epi32(acc[r][v], _mm256_madd_epi16(x, w[v]));
      }
    }
  }
  __m256i multiplier[2], shift[2];
  UNROLL for (int v = 0; v < vectors; v++) {
    multiplier[v] = _mm256_loadu_si256((const __m256i *)(t->multiplier + 8 * v));
    shift[v] = _mm256_loadu_si256((const __m256i *)(t->shift + 8 * v));
  }
  UNROLL for (int r = 0; r < rows; r++) {
    const __m256i low = clamp(f, scale(acc[r][0], multiplier[0], shift[0]));
    const __m256i high =
        vectors == 2 ? clamp(f, scale(acc[r][1], multiplier[1], shift[1])) : low;
    // packs works within 128-bit lanes; the permutation puts channels back in order.
    __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
    __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    store_first(
        t->out + (first + r) * t->ldc, _mm_xor_si128(bytes, f->flip),
        vectors == 2 || t->columns < 8 ? t->columns : 8);
  }
}

static AVX2 void panel_16(const tile_args *t, const finish *f, int64_t pixels) {
  int64_t i = 0;
  for (; i + 6 <= pixels; i += 6) tile(t, f, i, 6, 2);
  switch (pixels - i) {
    case 1: tile(t, f, i, 1, 2); break;
    case 2: tile(t, f, i, 2, 2); break;
    case 3: tile(t, f, i, 3, 2); break;
    case 4: tile(t, f, i, 4, 2); break;
    case 5: tile(t, f, i, 5, 2); break;
  }
}

static AVX2 void panel_8(const tile_args *t, const finish *f, int64_t pixels) {
  int64_t i = 0;
  for (; i + 12 <= pixels; i += 12) tile(t, f, i, 12, 1);
  if (i + 6 <= pixels) {
    tile(t, f, i, 6, 1);
    i += 6;
  }
  switch (pixels - i) {
    case 1: tile(t, f, i, 1, 1); break;
    case 2: tile(t, f, i, 2, 1); break;
    case 3: tile(t, f, i, 3, 1); break;
    case 4: tile(t, f, i, 4, 1); break;
    case 5: tile(t, f, i, 5, 1); break;
  }
}

// Widens `n` bytes; reads and writes up to 15 elements more.
INLINE AVX2 void widen(int16_t *to, const uint8_t *from, int64_t n, __m128i flip) {
  for (int64_t i = 0; i < n; i += 16) {
    const __m128i bytes = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(from + i)), flip);
    _mm256_storeu_si256((__m256i *)(to + i), _mm256_cvtepi8_epi16(bytes));
  }
}

INLINE void fill(int16_t *to, int64_t n, int16_t value) {
  for (int64_t i = 0; i < n; i++) to[i] = value;
}

// Pixels are written in order, so that what `widen` writes too far is overwritten by the next.
static AVX2 void gather(
    const fk_s8_conv *p, int64_t row, int64_t first, int64_t pixels, int64_t lda, int16_t *to) {
  const fk_window *w = &p->w;
  const int64_t n = row / w->out_h, oy = row % w->out_h, in_c = w->in_c;
  const __m128i flip = _mm_set1_epi8((char)p->flip);
  const int16_t zero = (int8_t)(p->in_zero ^ p->flip);
  const int odd = (int)(lda - fk_window_k(w));
  for (int64_t i = 0; i < pixels; i++) {
    const int64_t x0 = (first + i) * w->stride_w - w->pad_left;
    for (int64_t ky = 0; ky < w->k_h; ky++) {
      const int64_t inside = fk_tap(w, n, oy, first + i, ky, 0);
      if (w->dilation_w == 1 && inside >= 0 && x0 + w->k_w <= w->in_w) {
        widen(to, p->input + inside, w->k_w * in_c, flip);
        to += w->k_w * in_c;
        continue;
      }
      for (int64_t kx = 0; kx < w->k_w; kx++, to += in_c) {
        const int64_t tap = fk_tap(w, n, oy, first + i, ky, kx);
        if (tap < 0) {
          fill(to, in_c, zero);
        } else {
          widen(to, p->input + tap, in_c, flip);
        }
      }
    }
    if (odd) *to++ = 0;
  }
}

static AVX2 void block(
    const fk_s8_conv *p, const int16_t *a, int64_t lda, int64_t first_output, int64_t pixels) {
  const int64_t out_c = p->w.out_c;
  const finish f = finish_of(p->out_zero, p->lo, p->hi, p->flip);
  tile_args t = {.a = a, .lda = lda, .pairs = lda / 2, .ldc = out_c};
  for (int64_t c = 0; c < out_c; c += 16) {
    t.weights = p->weights + c * lda;
    t.bias = p->bias + c;
    t.multiplier = p->multiplier + c;
    t.shift = p->shift + c;
    t.out = p->output + first_output * out_c + c;
    t.columns = out_c - c;
    if (t.columns > 8) {
      panel_16(&t, &f, pixels);
    } else {
      panel_8(&t, &f, pixels);
    }
  }
}

AVX2 FK_KERNEL(fk_s8_conv_6x16__avx2) {
  const fk_s8_conv *p = params;
  const fk_window *w = &p->w;
  const int64_t k = fk_window_k(w), lda = (k + 1) / 2 * 2;
  const int64_t step = fk_block_pixels(lda * (int64_t)sizeof(int16_t), 6);
  if (fk_window_is_pointwise(w) && k == lda) {
    const __m128i flip = _mm_set1_epi8((char)p->flip);
    const int64_t last = end * w->out_w;
    for (int64_t i = begin * w->out_w; i < last; i += step) {
      const int64_t pixels = last - i < step ? last - i : step;
      widen(scratch, p->input + i * k, pixels * k, flip);
      block(p, scratch, lda, i, pixels);
    }
    return;
  }
  for (int64_t row = begin; row < end; row++) {
    for (int64_t x = 0; x < w->out_w; x += step) {
      const int64_t pixels = w->out_w - x < step ? w->out_w - x : step;
      gather(p, row, x, pixels, lda, scratch);
      block(p, scratch, lda, row * w->out_w + x, pixels);
    }
  }
}

INLINE AVX2 __m256i load_16(const uint8_t *from, __m128i flip) {
  return _mm256_cvtepi8_epi16(_mm_xor_si128(_mm_loadu_si128((const __m128i *)from), flip));
}

// Channels 0-3 and 8-11, or 4-7 and 12-15: the order in which unpacking leaves them.
INLINE AVX2 __m256i load_halves(const int32_t *from, int offset) {
  const __m128i first = _mm_loadu_si128((const __m128i *)(from + offset));
  const __m128i second = _mm_loadu_si128((const __m128i *)(from + offset + 8));
  return _mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1);
}

AVX2 FK_KERNEL(fk_s8_depthwise_1x16__avx2) {
  const fk_s8_depthwise *p = params;
  const fk_window *w = &p->w;
  const int64_t taps = (int64_t)w->k_h * w->k_w, padded = ((int64_t)w->out_c + 15) / 16 * 16;
  const finish f = finish_of(p->out_zero, p->lo, p->hi, p->flip);
  const uint8_t **source = scratch;
  source[taps] = p->zeros;  // the second of the last pair, where the number of taps is odd
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
      uint8_t *out = p->output + (row * w->out_w + ox) * w->out_c;
      for (int64_t c = 0; c < w->out_c; c += 16) {
        __m256i low = load_halves(p->bias + c, 0), high = load_halves(p->bias + c, 4);
        const int16_t *weights = p->weights + 2 * c;
        for (int64_t t = 0; t < taps; t += 2, weights += 2 * padded) {
          const __m256i x = load_16(source[t] + c, f.flip);
          const __m256i y = load_16(source[t + 1] + c, f.flip);
          const __m256i wl = _mm256_loadu_si256((const __m256i *)weights);
          const __m256i wh = _mm256_loadu_si256((const __m256i *)(weights + 16));
          low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(x, y), wl));
          high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(x, y), wh));
        }
        low = clamp(
            &f, scale(low, load_halves(p->multiplier + c, 0), load_halves(p->shift + c, 0)));
        high = clamp(
            &f, scale(high, load_halves(p->multiplier + c, 4), load_halves(p->shift + c, 4)));
        const __m256i words = _mm256_packs_epi32(low, high);
        const __m128i bytes =
            _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        store_first(out + c, _mm_xor_si128(bytes, f.flip), w->out_c - c);
      }
    }
  }
}

#endif
